"""What jobs have, where a seal is not what it was when it was read: replaced, cut, or gone in the middle of a plan."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from makers import changes

from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.machine import this_machine
from rules_engine.filesystem.root import Root
from rules_engine.inventory.model import DirectoryFacts, Inventory
from rules_engine.inventory.tracked import from_seals, observe_job
from rules_engine.manifest.lines import check_of, close_line, open_line
from rules_engine.manifest.reading import load_all, no_layouts
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.seal import CoveredLog, encode_seal
from rules_engine.manifest.shelved import HELD
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import FileType, JobId, JobType

FINAL = FileType("final_video")
ONE = StartRequest(JobId("job-1"), JobType("short_form"), RelPath("scratch/job-1"), RelPath("output/a"))
TWO = replace(ONE, job_id=JobId("job-2"), workspace=RelPath("scratch/job-2"))
SHARED = "output/a/both"


@pytest.fixture
def tree(root: Root, store: ManifestStore, tmp_path: Path) -> Path:
    """The tree of two sealed jobs that name a file together."""
    for one in (ONE, TWO):
        store.start(one)
        _write(tmp_path, f"{one.workspace}/temp", f"{one.workspace}/sub/found", f"output/a/{one.job_id}", SHARED)
        declared = (f"{one.workspace}/temp", f"output/a/{one.job_id}", SHARED)
        store.add_files(one.job_id, [(RelPath(path), FINAL) for path in declared])
    for one in (ONE, TWO):
        store.finish(one.job_id, success=True, directories=observe_job(root, store.get(one.job_id)))
    return tmp_path


def _write(tmp_path: Path, *paths: str) -> None:
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(os.fsencode(path))


def _read(root: Root, held: int = 0) -> Inventory:
    loaded, seals = load_all(root.require_state(), this_machine("alpha"), no_layouts, held=held)
    return from_seals(root, seals, loaded.jobs)


def _facts(inventory: Inventory) -> Mapping[str, DirectoryFacts]:
    return {facts.path: facts for facts in inventory.directories}


def _seen(inventory: Inventory) -> dict[str, bool]:
    return {fact.path: fact.vouched for facts in inventory.directories for fact in facts.files}


ALL = {
    **dict.fromkeys((SHARED, "output/a/job-1", "output/a/job-2"), True),
    **dict.fromkeys(("scratch/job-1/temp", "scratch/job-1/sub/found"), True),
    **dict.fromkeys(("scratch/job-2/temp", "scratch/job-2/sub/found"), True),
}


def test_seals_that_are_read_again_tell_the_same(root: Root, tree: Path) -> None:
    """However few of their lines are held: directories, files, and what vouches for them."""
    del tree
    held = _facts(_read(root, HELD))
    assert held == _facts(_read(root, 0)) == _facts(_read(root, 1_000))
    assert _seen(_read(root)) == ALL


def test_what_an_apply_took_out_meanwhile_is_not_told(root: Root, store: ManifestStore, tree: Path) -> None:
    """The seal was written anew by a run that is at work; what it doubts by now is looked at."""
    inventory = _read(root)
    (tree / "scratch/job-1/temp").unlink()
    (tree / "output/a/job-1").write_bytes(b"another")
    store.amend_seals(
        {JobId("job-1"): changes(removed=[RelPath("scratch/job-1/temp")], unsealed=[RelPath("output/a/job-1")])}
    )
    seen = _seen(inventory)
    assert seen == {
        **{path: told for path, told in ALL.items() if path != "scratch/job-1/temp"},
        "output/a/job-1": False,
    }


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 20)


@pytest.mark.parametrize("lose", [Path.unlink, _cut])
def test_the_disk_is_asked_where_a_seal_was_lost_meanwhile(
    root: Root, tree: Path, lose: Callable[[Path], None]
) -> None:
    """Facts are of now and nothing vouches for them; a file that is gone is none, and no listing is whole."""
    inventory = _read(root)
    lose(tree / ".rules/sealed/job-1.json")
    (tree / "output/a/job-1").unlink()
    (tree / "scratch/job-1/temp").write_bytes(b"longer than it was before")
    found = _facts(inventory)
    temp = found["scratch/job-1"].files[0]
    assert (temp.name, temp.size, temp.vouched) == ("temp", 25, False)
    assert not any(facts.complete for path, facts in found.items() if path.startswith("scratch/job-1"))
    # The seal of the other job still names what they have together, and the disk agrees.
    assert {fact.name: fact.vouched for fact in found["output/a"].files} == {"both": True, "job-2": True}


def test_a_new_attempt_that_ended_meanwhile_is_told_as_it_ended(root: Root, store: ManifestStore, tree: Path) -> None:
    """Another seal stands in the place of the one that was read, and it is current: its rows are what it saw."""
    inventory = _read(root)
    store.start(ONE)
    _write(tree, "scratch/job-1/later", "scratch/job-1/new/unheard")
    store.finish("job-1", success=True, directories=observe_job(root, store.get("job-1")))
    seen = _seen(inventory)
    assert seen == {**ALL, "scratch/job-1/later": True}


def test_planning_stops_where_a_seal_and_its_logs_are_lost(root: Root, store: ManifestStore, tree: Path) -> None:
    """Nothing tells any more which files the job had: they must not look like nobody's."""
    del store
    inventory = _read(root)
    (tree / ".rules/sealed/job-1.json").unlink()
    (tree / ".rules/manifests/job-1@alpha.jsonl").write_bytes(b"rubbish\n")
    with pytest.raises(UntrustedStateError, match=r"`\.rules/sealed/job-1\.json` was lost while it was read"):
        _facts(inventory)


def test_a_seal_with_more_or_fewer_lines_than_directories_is_passed_over(root: Root, tree: Path) -> None:
    """Whatever its checks say, it is no seal; the logs are read, and a note says why."""
    seal = tree / ".rules/sealed/job-1.json"
    loaded, seals = load_all(root.require_state(), this_machine("alpha"), no_layouts)
    one = seals[JobId("job-1")]
    directories = list(one.directories())
    whole = encode_seal(loaded.jobs[0], [CoveredLog(log.host, log.length, log.check) for log in one.logs], directories)
    assert whole == seal.read_bytes()
    for lines in (directories[:-1], [*directories, directories[-1]]):
        head = encode_seal(one.record, one.logs, directories).partition(b"\n")[0]
        body = encode_seal(one.record, one.logs, lines).partition(b"\n")[2]
        seal.write_bytes(_with_check_of(head, body))
        again, _ = load_all(root.require_state(), this_machine("alpha"), no_layouts)
        assert "the seal of job `job-1` cannot be read: " in again.notes[0]


def _with_check_of(head: bytes, body: bytes) -> bytes:
    """A first line that proves itself and what comes behind it, though it does not fit that."""
    opened = open_line(head)
    assert opened is not None
    before, mark, rest = opened.partition(b'"check":"')
    return close_line(before + mark + check_of(body).encode() + rest[8:]) + body
