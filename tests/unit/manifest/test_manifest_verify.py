from dataclasses import replace
from pathlib import Path

import pytest
from damagedlogs import TEMP, added, line_of

from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.root import Root
from rules_engine.inventory.repair import repair
from rules_engine.manifest.events import Remove
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.manifest.verify import verify
from rules_engine.values.clock import Clock
from rules_engine.values.paths import RelPath


def test_verify_names_every_kind_of_damage(
    store: ManifestStore, root: Root, request_one: StartRequest, tmp_path: Path
) -> None:
    """Each with the file, and the line and byte where there is one."""
    store.start(replace(request_one, critical=True))
    log, backup = (tmp_path / ".rules" / place / "job-1@alpha.jsonl" for place in ("manifests", "backups"))
    one = log.read_bytes()
    size = len(one)
    log.write_bytes(one + added(3, "a") + added(3, "a") + line_of(4, Remove(["/etc"])))
    said = [(finding.what, finding.line, finding.byte) for finding in verify(root.require_state())]
    at = size + len(added(3, "a"))
    assert said == [
        ("lacks 1 line before it", 2, size),
        ("repeats line number 3", 3, at),
        ("names a path that cannot be below the root", 4, at + len(added(3, "a"))),
    ]
    log.write_bytes(b"")
    assert [finding.what for finding in verify(root.require_state(), {"job-1"})] == [
        "is empty or gone",
        "no line tells how the job was started",
    ]
    log.write_bytes(one)
    backup.write_bytes(one.replace(b"scratch", b"scrotch") + one)
    assert [(finding.file, finding.what, finding.byte) for finding in verify(root.require_state())] == [
        (".rules/manifests/job-1@alpha.jsonl", f"lacks its end: it is {size} bytes shorter than it was", size),
        (".rules/backups/job-1@alpha.jsonl", "differs from the manifest", one.index(b"scratch") + 3),
    ]
    assert list(verify(root.require_state(), {"job-2"})) == []


def test_a_host_that_the_index_lost_is_named_again(
    store: ManifestStore, beta: ManifestStore, log: Path, root: Root, clock: Clock
) -> None:
    """Else a job that runs there could be started here."""
    beta.add_files("job-1", [(RelPath("output/c"), TEMP)])
    index = log.parent.parent / "hosts"
    index.write_bytes(index.read_bytes().replace(b"beta", b"b?ta"))
    (finding,) = verify(root.require_state())
    assert (finding.file, finding.what) == (
        ".rules/hosts",
        "does not name host `beta`, so its manifest may be overlooked",
    )
    done = repair(root, store, clock, "job-1")
    assert ([one.what for one in done.repairs], done.left) == (["names host `beta` again"], ())
    assert sorted(store.get("job-1").files[RelPath("output")]) == ["a", "b", "c"]


def test_a_backup_that_cannot_be_read_is_said_and_nothing_is_changed(
    store: ManifestStore, request_one: StartRequest, root: Root, tmp_path: Path
) -> None:
    """What it says may be the very thing that is missing."""
    store.start(replace(request_one, critical=True))
    log, backup = (tmp_path / ".rules" / place / "job-1@alpha.jsonl" for place in ("manifests", "backups"))
    backup.unlink()
    backup.mkdir()
    log.write_bytes(log.read_bytes()[:9])
    with pytest.raises(UntrustedStateError, match="cannot be read: Is a directory"):
        store.mend("job-1")
    assert log.stat().st_size == 9
    said = [(finding.file, finding.what) for finding in verify(root.require_state())]
    assert said == [(".rules/backups/job-1@alpha.jsonl", "cannot be read: Is a directory")]
