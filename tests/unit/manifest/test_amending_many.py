from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from makers import changes

from rules_engine.filesystem import linux
from rules_engine.filesystem.directory import Directory
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.seal import SealedDirectory, SealedRow, decode_seal, encode_seal
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind, JobId

A, B = JobId("job-1"), JobId("job-2")
WORK = RelPath("w")
GONE = changes([RelPath("w/x")])


def directory() -> SealedDirectory:
    """A workspace with the files `x` and `y`."""
    rows = [SealedRow(name, "temp_clip", EntryKind.FILE, 1, 1, 1, 1, 1) for name in ("x", "y")]
    return SealedDirectory(1, complete=True, subdirectories=[], rows=rows)


@pytest.fixture
def sealed(store: ManifestStore, request_one: StartRequest, tmp_path: Path) -> Callable[[str], Path]:
    """Seals two jobs, and says where the seal of each is."""
    for job_id in (A, B):
        store.start(replace(request_one, job_id=job_id))
        store.finish(job_id, success=True, directories=[(WORK, directory())])
    return lambda job_id: tmp_path / f".rules/sealed/{job_id}.json"


def names(path: Path, job_id: JobId) -> list[Any]:
    """What a seal lists in the workspace."""
    return [row.name for row in decode_seal(path.read_bytes(), job_id).directory(WORK).rows]


def test_many_seals_are_amended_together(store: ManifestStore, sealed: Callable[[str], Path]) -> None:
    """Each says what is left, and nothing lies beside them."""
    assert store.amend_seals({A: GONE, B: GONE, JobId("nobody"): GONE}) == {}
    assert [names(sealed(one), one) for one in (A, B)] == [["y"], ["y"]]
    assert sorted(path.name for path in sealed(A).parent.iterdir()) == ["job-1.json", "job-2.json"]


def test_no_seal_has_its_name_before_its_content_is_durable(
    store: ManifestStore, sealed: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut leaves each old or new; where that fails, all of them stay as they were."""
    before = [sealed(one).read_bytes() for one in (A, B)]

    def fail(_fd: int) -> bool:
        assert [sealed(one).read_bytes() for one in (A, B)] == before
        raise OSError(5, "no")

    monkeypatch.setattr(linux, "sync_filesystem", fail)
    with pytest.raises(OSError, match="no"):
        store.amend_seals({A: GONE, B: GONE})
    assert [sealed(one).read_bytes() for one in (A, B)] == before
    assert len(list(sealed(A).parent.iterdir())) == 2


def test_without_a_call_for_all_each_is_made_durable_by_itself(
    store: ManifestStore, sealed: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On systems that have none."""
    monkeypatch.setattr(linux, "sync_filesystem", lambda _fd: False)
    store.amend_seals({A: GONE})
    assert names(sealed(A), A) == ["y"]


def test_a_seal_that_was_written_anew_meanwhile_stays(
    store: ManifestStore, sealed: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it said before must not come back; it is said which one it is."""
    data = sealed(A).read_bytes()

    def sealed_again(_fd: int) -> bool:
        sealed(A).write_bytes(data)
        return True

    monkeypatch.setattr(linux, "sync_filesystem", sealed_again)
    missed = store.amend_seals({A: GONE, B: GONE})
    assert missed == {A: "the seal of job `job-1` was written anew at that moment"}
    assert (names(sealed(A), A), names(sealed(B), B)) == (["x", "y"], ["y"])
    assert len(list(sealed(A).parent.iterdir())) == 2


def test_a_packed_seal_is_made_durable_alone(
    store: ManifestStore, sealed: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its logs are gone: nothing else could say what it says."""
    seal = decode_seal(sealed(A).read_bytes(), A)
    packed = replace(seal.record, packed=True)
    sealed(A).write_bytes(encode_seal(packed, seal.logs, seal.directories()))
    asides: list[str] = []
    monkeypatch.setattr(Directory, "write_file", lambda _self, name, _data: asides.append(name))
    store.amend_seals({A: GONE})
    assert asides == ["job-1.json"]


def test_without_the_index_of_hosts_the_logs_are_listed(
    store: ManifestStore, sealed: Callable[[str], Path], tmp_path: Path
) -> None:
    """State of an older version has none."""
    for path in (tmp_path / ".rules/hosts").glob("*"):
        path.unlink()
    if (tmp_path / ".rules/hosts").is_dir():
        (tmp_path / ".rules/hosts").rmdir()
    store.amend_seals({A: GONE})
    assert names(sealed(A), A) == ["y"]
