"""Seals whose lines are read again when they are asked for, and what happens where they are not there any more."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from makers import changes

from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.machine import Machine
from rules_engine.filesystem.root import Root
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.reading import load_all, no_layouts
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.rows import SealedDirectory, SealedRow
from rules_engine.manifest.seal import Seal, encode_seal
from rules_engine.manifest.sealedlines import HeldLines, check_of_lines
from rules_engine.manifest.shelved import HELD, SealShelf
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.names import encode_name
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind, FileType, JobId

TEMP = FileType("temp_video")
WORK, OUT, EMPTY = (RelPath(path) for path in ("scratch/job-1", "output/Suits", "scratch/job-1/empty"))


def _row(name: str, file_type: str = "temp_video") -> SealedRow:
    return SealedRow(encode_name(name), file_type, EntryKind.FILE, 7, 100, 200, 300, 1)


def _directory(*rows: SealedRow, below: tuple[str, ...] = ()) -> SealedDirectory:
    return SealedDirectory(11, complete=True, subdirectories=list(below), rows=list(rows))


DIRECTORIES = (
    (OUT, SealedDirectory(None, complete=False, subdirectories=[], rows=[_row("a"), _row("\udcff")])),
    (WORK, _directory(_row("t"), _row("u", "undeclared"), below=("empty",))),
    (EMPTY, _directory()),
)


@dataclass(frozen=True)
class Shelf:
    """The seal of `job-1`, and how seals are read."""

    seal: Path
    load: Callable[..., tuple[JobRecord, Seal]]


@pytest.fixture
def shelf(root: Root, machine: Machine, store: ManifestStore, request_one: StartRequest, tmp_path: Path) -> Shelf:
    """A sealed job of three directories."""

    def load(held: int = 0) -> tuple[JobRecord, Seal]:
        loaded, seals = load_all(root.require_state(), machine, no_layouts, held=held)
        return loaded.jobs[0], seals[JobId("job-1")]

    store.start(request_one)
    store.add_files("job-1", [(RelPath(f"{OUT}/a"), TEMP), (RelPath(f"{OUT}/\udcff"), TEMP)])
    store.add_files("job-1", [(RelPath(f"{WORK}/t"), TEMP)])
    store.finish("job-1", success=True, directories=DIRECTORIES)
    return Shelf(tmp_path / ".rules/sealed/job-1.json", load)


def _files(record: JobRecord) -> Mapping[RelPath, Mapping[str, FileType]]:
    return {path: dict(names) for path, names in record.files.items()}


@pytest.mark.parametrize("held", [0, HELD])
def test_what_is_not_held_is_told_all_the_same(shelf: Shelf, held: int) -> None:
    """Directories in order, each as it was sealed, and the files of the manifest by directory."""
    record, seal = shelf.load(held)
    assert tuple(seal.directories()) == DIRECTORIES
    assert (len(seal.lines), OUT in seal.lines, RelPath("output") in seal.lines) == (3, True, False)
    assert _files(record) == {OUT: {"a": TEMP, "\udcff": TEMP}, WORK: {"t": TEMP}}
    assert len(record.files) == 2
    assert EMPTY not in record.files
    for path in ("output", "scratch/job-1/other"):
        with pytest.raises(KeyError):
            seal.directory(RelPath(path))


def test_a_directory_is_decoded_once_for_all_who_ask(shelf: Shelf) -> None:
    """Whoever judges its files asks about what the inventory has just read."""
    _, seal = shelf.load()
    assert seal.directory(WORK) is seal.directory(WORK)
    assert seal.directory(OUT).rows[0] is seal.directory(OUT).rows[0]


def test_only_what_was_asked_about_last_is_held() -> None:
    """Of a root with many jobs a few; one that is larger than all that may be held, while it is asked about."""
    paths, data, asked = tuple(map(RelPath, "abcde")), b"{}\n" + b"[1,true,[],[]]\n" * 5, list[str]()

    def read(job_id: JobId) -> bytes:
        asked.append(job_id)
        return data

    shelf = SealShelf(read, lambda _job_id: HeldLines((), b""), held=len(data) * 2)
    first, second, third, fourth = (shelf.lay(JobId(f"j{at}"), paths, data, check_of_lines(data)) for at in range(4))
    for lines in (first, second, third, fourth):
        assert lines.told(paths[0]).directory.inode == 1
    assert asked == ["j2", "j3"]
    for lines in (third, fourth, first, second):
        lines.told(paths[1])
    assert asked == ["j2", "j3", "j0", "j1"]
    large = SealShelf(read, lambda _job_id: HeldLines((), b""), held=1).lay(
        JobId("j9"), paths, data, check_of_lines(data)
    )
    for path in (*paths, *paths):
        large.told(path)
    assert asked[4:] == ["j9"]


@pytest.mark.parametrize("held", [0, HELD])
def test_a_seal_that_was_amended_meanwhile_tells_what_it_says_by_now(
    shelf: Shelf, store: ManifestStore, held: int
) -> None:
    """What went has no row any more, a directory that went has nothing; or all is as it was, if that was held."""
    record, seal = shelf.load(held)
    store.amend_seals({JobId("job-1"): changes(removed=[RelPath(f"{OUT}/a"), EMPTY], unsealed=[RelPath(f"{WORK}/t")])})
    if held:
        assert tuple(seal.directories()) == DIRECTORIES
        return
    assert [row.name for row in seal.directory(OUT).rows] == [encode_name("\udcff")]
    assert [(row.name, row.look) for row in seal.directory(WORK).rows] == [("t", True), ("u", False)]
    assert seal.directory(EMPTY) == SealedDirectory(None, complete=False, subdirectories=[], rows=[])
    assert _files(record) == {OUT: {"\udcff": TEMP}, WORK: {"t": TEMP}}


def test_a_seal_that_is_written_again_as_it_was_is_the_same(shelf: Shelf) -> None:
    """Packing writes every seal once more: the rows are what they were."""
    _, seal = shelf.load()
    shelf.seal.write_bytes(encode_seal(replace(seal.record, attempt=9), (), seal.directories()))
    assert tuple(seal.directories()) == DIRECTORIES


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 40)


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-40] ^= 1
    path.write_bytes(data)


def _make_a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


LOSSES = [Path.unlink, _cut, _flip, _make_a_directory]


@pytest.mark.parametrize("lose", LOSSES)
def test_of_a_seal_that_was_lost_meanwhile_the_logs_tell(shelf: Shelf, lose: Callable[[Path], None]) -> None:
    """Each file that they name has to be looked at; of what only the seal knew nothing is known."""
    record, seal = shelf.load()
    lose(shelf.seal)
    assert _files(record) == {OUT: {"a": TEMP, "\udcff": TEMP}, WORK: {"t": TEMP}}
    for path, names in ((OUT, ["a", encode_name("\udcff")]), (WORK, ["t"]), (EMPTY, [])):
        found = seal.directory(path)
        assert (found.inode, found.complete, found.subdirectories) == (None, False, [])
        assert [(row.name, row.look) for row in found.rows] == [(name, True) for name in names]


def test_half_of_a_seal_and_half_of_another_are_never_told(shelf: Shelf, store: ManifestStore) -> None:
    """Once it turned out that a seal was replaced, all that is asked about it is answered from one reading."""
    _, seal = shelf.load()
    store.amend_seals({JobId("job-1"): changes(removed=[RelPath(f"{OUT}/a")])})
    assert len(seal.directory(OUT).rows) == 1
    shelf.seal.unlink()
    assert [row.look for row in seal.directory(WORK).rows] == [False, False]


@pytest.mark.parametrize("lose", LOSSES)
def test_a_plan_stops_where_nothing_tells_what_a_lost_seal_said(
    shelf: Shelf, tmp_path: Path, lose: Callable[[Path], None]
) -> None:
    """Of a packed one there are no logs; its files would be nobody's, and a rule about those could take them."""
    before, _ = shelf.load()
    packed = replace(before, packed=True)
    shelf.seal.write_bytes(encode_seal(packed, (), DIRECTORIES))
    (tmp_path / ".rules/manifests/job-1@alpha.jsonl").unlink()
    record, _ = shelf.load()
    lose(shelf.seal)
    with pytest.raises(UntrustedStateError, match=r"`\.rules/sealed/job-1\.json` was lost while it was read"):
        record.files[OUT]


def test_records_can_be_asked_after_their_root_was_closed(tmp_path: Path, shelf: Shelf, machine: Machine) -> None:
    """The handle goes with the last record, and not before; then nothing is left open."""
    before = len(os.listdir("/proc/self/fd"))
    with Root.open(str(tmp_path)) as root:
        loaded, _ = load_all(root.require_state(), machine, no_layouts, held=0)
    assert _files(loaded.jobs[0])[WORK] == {"t": TEMP}
    del loaded, _
    assert len(os.listdir("/proc/self/fd")) == before
