"""Processes that read directories for a walk: the same findings in the same order, and an end that is told."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import Root
from rules_engine.inventory import worker
from rules_engine.inventory.model import DirectoryFacts, Inventory
from rules_engine.inventory.pruning import Extent, Pruning
from rules_engine.inventory.scan import walk
from rules_engine.inventory.wire import pack_extent, receive, send
from rules_engine.inventory.workers import WorkerEndedError, Workers, workers_for
from rules_engine.policy.patterns import Reading, parse_patterns
from rules_engine.values.paths import ROOT, RelPath, from_bytes

_TEMPS = Pruning(
    Extent(
        tuple(parse_patterns(texts, Reading.NARROW).lines for texts in (["*.tmp", "/kept/"], ["/units/*"])),
        frozenset({1}),
        frozenset({RelPath("jobs/one")}),
        frozenset({RelPath("declared/here")}),
    )
)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    """A root with a little of everything that a walk can meet."""
    for number in range(70):
        (tmp_path / f"jobs/{number}/deep").mkdir(parents=True)
        (tmp_path / f"jobs/{number}/a.tmp").write_bytes(b"x" * number)
        (tmp_path / f"jobs/{number}/deep/b").touch()
    for path in ("jobs/one/all", "declared/here/of it", "units/u/v/w", "films/film", "other/.rules/x", "jobs/9/.git/x"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "jobs/7/.keep").touch()
    (tmp_path / "jobs/8/link.tmp").symlink_to("nowhere")
    os.mkfifo(tmp_path / "jobs/8/pipe.tmp")
    (tmp_path / from_bytes(b"jobs/8/\xff.tmp")).touch()
    os.utime(tmp_path / "jobs/8/a.tmp", ns=(0, -(2**62)))
    with Root.open(str(tmp_path)) as opened:
        yield opened


def _ready(root: Root, count: int) -> Workers:
    """Workers that have come up before the first file was read."""
    workers = Workers(count, worth_it=0)
    limit = time.monotonic() + 60
    while not workers.are_ready(root.directory, 0):
        assert time.monotonic() < limit
        time.sleep(0.01)
    return workers


def _told(found: Inventory) -> object:
    """Everything that a walk found, as values."""
    directories = list(found.directories)
    return directories, found.problems, found.skipped, found.passed_over, found.marked


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("pruning", [None, _TEMPS], ids=["whole", "pruned"])
def test_workers_find_what_one_process_finds(root: Root, count: int, pruning: Pruning | None) -> None:
    """Every fact, problem and marker, and the order of directories, are those of a walk without them."""
    alone = _told(walk(root, markers=[".keep"], pruning=pruning))
    shared = _told(walk(root, markers=[".keep"], pruning=pruning, workers=_ready(root, count)))
    assert shared == alone


def test_a_short_walk_starts_no_process(root: Root) -> None:
    """To start one would take longer than the walk."""
    workers = Workers(2)
    list(walk(root, workers=workers).directories)
    assert not workers._workers


def test_one_process_needs_no_others() -> None:
    """Asked for one process, a walk has no workers."""
    assert workers_for(1) is None
    assert workers_for(2) is not None


def test_a_worker_loads_nothing_that_only_policies_need() -> None:
    """It is started in the middle of a walk, so what it loads has to be loaded while others wait for it."""
    loaded = "import rules_engine.inventory.worker, sys; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True).stdout.split()
    assert "rules_engine.inventory.walking" in told
    assert {"pathspec", "yaml", "click", "subprocess", "rules_engine.policy.model"}.isdisjoint(told)


def _children() -> set[int]:
    """The processes that this thread has started and that have not been waited for."""
    text = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text(encoding="ascii")
    return {int(one) for one in text.split()}


def test_a_walk_that_is_broken_off_leaves_no_process(root: Root) -> None:
    """Whoever wants no more directories has none that goes on reading them."""
    before = _children()
    directories = iter(walk(root, workers=_ready(root, 2)).directories)
    next(directories)
    next(directories)
    assert len(_children() - before) == 2
    directories.close()  # type: ignore[attr-defined]
    assert _children() <= before


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_is_killed_ends_the_walk_with_an_error(root: Root, number: signal.Signals) -> None:
    """What it had not told is unknown: no plan is made of the half."""
    before = _children()
    workers = _ready(root, 1)
    for one in _children() - before:
        os.kill(one, number)
        os.waitid(os.P_PID, one, os.WEXITED | os.WNOWAIT)
    with pytest.raises(WorkerEndedError, match="--jobs 1"):
        list(walk(root, workers=workers).directories)
    assert _children() <= before


def test_a_message_that_was_cut_is_none(tmp_path: Path) -> None:
    """A process that ends in the middle of a message has not said it."""
    whole = io.BytesIO()
    send(whole, ["x"] * 10)
    data = whole.getvalue()
    assert receive(io.BytesIO(data)) == ["x"] * 10
    assert [receive(io.BytesIO(data[:size])) for size in (0, 3, 8, len(data) - 1)] == [None] * 4


def test_a_worker_serves_until_nobody_asks(root: Root) -> None:
    """It says that it is there, is told what to look at, and answers part by part."""
    asked, told = io.BytesIO(), io.BytesIO()
    for message in ((("",), pack_extent(None)), [("jobs", ["1", "2"])], [(ROOT, ["films"])]):
        send(asked, message)
    asked.seek(0)
    worker.serve(root.directory, asked, told)
    told.seek(0)
    assert receive(told) == "ready"
    paths = [[one[0] for one in receive(told)[0]] for _ in "12"]
    assert paths == [["jobs/1", "jobs/1/deep", "jobs/2", "jobs/2/deep"], ["films"]]
    assert receive(told) is None


def test_a_worker_that_is_told_nothing_ends(root: Root) -> None:
    """Whoever started it may be gone before it has come up."""
    told = io.BytesIO()
    worker.serve(root.directory, io.BytesIO(), told)
    assert told.getvalue().count(b"ready") == 1


def test_much_is_told_in_several_messages(tmp_path: Path) -> None:
    """A directory of many files does not wait for all that come after it."""
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        for name in range(600):
            (tmp_path / str(number) / str(name)).touch()
    asked, told = io.BytesIO(), io.BytesIO()
    send(asked, ((), pack_extent(None)))
    send(asked, [(ROOT, ["0", "1", "2"])])
    asked.seek(0)
    with Directory.open_root(str(tmp_path)) as here:
        worker.serve(here, asked, told)
    told.seek(0)
    assert receive(told) == "ready"
    assert [len(receive(told)[0]) for _ in "12"] == [2, 1]


def test_the_order_holds_where_many_directories_lie_in_one(root: Root) -> None:
    """Parts that several workers read come in the order of their names."""
    found: list[DirectoryFacts] = list(walk(root, workers=_ready(root, 3)).directories)
    names = [one.path for one in found if one.path.startswith("jobs/") and one.path.count("/") == 1]
    assert names == sorted(names)
