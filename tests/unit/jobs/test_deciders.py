"""Processes that decide parts of a plan: the same plan, byte for byte, and an end that is told."""

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
from job_world import LAYOUT, PLAIN, LaterClock

from rules_engine.apply.pins import set_pin
from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.root import Root
from rules_engine.inventory.model import Inventory
from rules_engine.inventory.scan import WalkOn
from rules_engine.jobs import decider, deciders
from rules_engine.jobs.applied import note_applied
from rules_engine.jobs.deciders import DeciderEndedError, Processes, processes_for
from rules_engine.jobs.lifecycle import add, finish, start
from rules_engine.jobs.planning import survey
from rules_engine.jobs.wire import receive, send, send_task
from rules_engine.plan.elsewhere import Task
from rules_engine.plan.given import Ask, Guards, Pin
from rules_engine.plan.model import Plan
from rules_engine.plan.planfile import write_plan
from rules_engine.plan.standing import NO_RANKS
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import ROOT, RelPath, from_bytes
from rules_engine.values.quantities import DAY, Instant
from rules_engine.values.vocabulary import FileType

SCRATCH = "{name: scratch, files: {in: workspace}, after: 1d, action: delete}"
NEWEST = "{name: newest, jobs: {newest: 3}, files: {in: output}, action: keep}"
TEMPS = '{name: temps, files: {match: ["*.tmp"], tracked: any}, after: 1d, action: trash}'
CACHES = '{name: caches, unit: directory, files: {match: ["/cache/*/"]}, after: 0s, action: trash}'
TRAILERS = '{name: trailers, files: {match: ["/in/1*/**/*.tmp", "job-11?/"], tracked: any}, action: keep}'
EMPTY = '{name: empty, directories: {match: ["/old/**/"], empty: true}, after: 0s, action: delete}'


def _policies(*rules: str) -> PolicySet:
    text = "version: 1\nkind: cleanup\nrules:\n" + "".join(f"  - {rule}\n" for rule in rules)
    return load_texts({"short.yaml": LAYOUT, "plain.yaml": PLAIN, "rules.yaml": text})


FROM_SEALS = _policies(SCRATCH, NEWEST)
BY_WALK = _policies(SCRATCH, TEMPS)
OF_DIRECTORIES = _policies(TEMPS, CACHES, EMPTY)
EARLIER = _policies(TRAILERS)


@pytest.fixture
def crowded(root: Root, clock: LaterClock) -> Root:
    """A root with a little of everything that a plan can meet."""
    top = Path(root.path)
    for number in range(130):
        job_id = f"job-{number:03}"
        start(root, FROM_SEALS, clock, "plain", job_id=job_id)
        (top / f"wip/{job_id}/temp/clip.mkv").write_bytes(b"1" * number)
        (top / f"plain/{job_id}/film.mkv").write_bytes(b"2" * number)
        if number != 7:
            finish(root, FROM_SEALS, clock, job_id, success=number != 9)
    (top / "shared.tmp").touch()
    for job_id in ("late", "later"):
        start(root, FROM_SEALS, clock, "plain", job_id=job_id)
        add(root, FROM_SEALS, clock, job_id, [RelPath("shared.tmp")], file_type=FileType.TEMP_VIDEO)
    for path in ("in/3/a.tmp", "in/9/.git/x", "cache/a/b/c", "cache/d", "old/gone/far/", "other/.rules/x", "in/8/film"):
        there = top / path
        (there if path.endswith("/") else there.parent).mkdir(parents=True, exist_ok=True)
        if not there.is_dir():
            there.touch()
    for number in range(70):
        (top / f"in/{number}/deep").mkdir(parents=True, exist_ok=True)
        (top / f"in/{number}/deep/b.tmp").write_bytes(b"x" * number)
    (top / "in/7/.rules-keep").touch()
    (top / "plain/.rules-keep").touch()
    (top / "in/8/link.tmp").symlink_to("nowhere")
    (top / from_bytes(b"in/8/\xff.tmp")).touch()
    os.mkfifo(top / "in/8/pipe.tmp")
    os.utime(top / "in/8/film", ns=(0, -(2**62)))
    set_pin(root.require_state(), Pin(RelPath("wip/job-011"), reason="for the trailer"), clock.now())
    note_applied(root, EARLIER, "earlier", clock)
    clock.instant = Instant(clock.instant + 3 * DAY)
    return root


def _ready(count: int) -> Processes:
    """So many, which are wanted from the beginning and waited for."""

    class Awaited(Processes):
        def is_ready(self, files: int) -> bool:
            limit = time.monotonic() + 60
            while not super().is_ready(files):
                assert time.monotonic() < limit
                time.sleep(0.01)
            return True

    return Awaited(count, worth_it=0)


def _bytes(plan: Plan) -> bytes:
    out = io.BytesIO()
    write_plan(plan, out)
    return out.getvalue()


@pytest.mark.parametrize("policies", [FROM_SEALS, BY_WALK, OF_DIRECTORIES], ids=["seals", "walk", "directories"])
@pytest.mark.parametrize("count", [1, 3])
def test_deciders_come_to_the_plan_of_one_process(
    crowded: Root, clock: LaterClock, policies: PolicySet, count: int
) -> None:
    """Every step and every sum, their order, problems and what was passed over."""
    now = clock.now()
    alone = _bytes(survey(policies, crowded, clock).plan(now))
    assert alone.count(b"\n") > 20
    found = survey(policies, crowded, clock, deciders=_ready(count))
    plan = found.plan(now)
    assert _bytes(plan) == alone
    assert found.inventory.left
    assert [one.name for one in plan.trailer.releases] == ["trailers"]


def test_a_short_plan_starts_no_process(crowded: Root, clock: LaterClock) -> None:
    """To start one would take longer than the plan."""
    before = _children()
    plan = survey(BY_WALK, crowded, clock, deciders=processes_for(2)).plan(clock.now())
    for _ in plan.batches:
        assert _children() <= before


def test_one_process_needs_no_others() -> None:
    """Asked for one process, a plan has no other."""
    assert processes_for(1) is None
    assert processes_for(2) is not None


def test_a_plan_that_is_watched_is_decided_here(crowded: Root, clock: LaterClock) -> None:
    """Whoever wants to hear of every file hears of every file."""
    heard: list[str] = []
    found = survey(BY_WALK, crowded, clock, deciders=_ready(1))
    plan = found.plan(clock.now(), watch=lambda file, _: heard.append(file.path)).collected()
    assert len(heard) == plan.trailer.looked_at.files
    assert not found.inventory.left


def test_a_decider_loads_nothing_that_only_policies_need() -> None:
    """It is started in the middle of a plan, so what it loads has to be loaded while others wait for it."""
    loaded = "import rules_engine.jobs.decider, sys; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True).stdout.split()
    assert "rules_engine.plan.deciding" in told
    assert {"yaml", "click", "jsonschema", "rules_engine.policy.load", "subprocess"}.isdisjoint(told)


def _children() -> set[int]:
    """The processes that this thread has started and that have not been waited for."""
    text = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text(encoding="ascii")
    return {int(one) for one in text.split()}


def _left(found: Iterator[object], inventory: Inventory) -> None:
    """Go on until others decide."""
    while not inventory.left:
        next(found)


def test_a_plan_that_is_broken_off_leaves_no_process(crowded: Root, clock: LaterClock) -> None:
    """Whoever wants no more of it has none that goes on deciding."""
    before = _children()
    found = survey(BY_WALK, crowded, clock, deciders=_ready(2))
    batches = iter(found.plan(clock.now()).batches)
    _left(batches, found.inventory)
    assert len(_children() - before) == 2
    batches.close()  # type: ignore[attr-defined]
    assert _children() <= before


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_decider_that_is_killed_ends_the_plan_with_an_error(
    crowded: Root, clock: LaterClock, number: signal.Signals
) -> None:
    """What it had not told is unknown: no plan is made of the half."""
    before = _children()
    found = survey(BY_WALK, crowded, clock, deciders=_ready(1))
    batches = iter(found.plan(clock.now()).batches)
    _left(batches, found.inventory)
    for one in _children() - before:
        os.kill(one, number)
        os.waitid(os.P_PID, one, os.WEXITED | os.WNOWAIT)
    with pytest.raises(DeciderEndedError, match="--jobs 1"):
        list(batches)
    assert _children() <= before


@pytest.mark.parametrize("program", ["/nowhere/python", "/bin/false"])
def test_a_plan_is_made_without_deciders_that_do_not_come_up(
    crowded: Root, clock: LaterClock, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    """There is no memory for another process, or it ends at once: nothing was left to it yet."""
    before, now = _children(), clock.now()
    alone = _bytes(survey(BY_WALK, crowded, clock).plan(now))
    monkeypatch.setattr(sys, "executable", program)
    assert _bytes(survey(BY_WALK, crowded, clock, deciders=Processes(2, worth_it=0)).plan(now)) == alone
    assert _children() <= before


def test_deciders_come_up_while_many_manifests_are_read(
    crowded: Root, clock: LaterClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are there before the first file is looked at; where the manifests cannot be read, they end."""
    monkeypatch.setattr(deciders, "MANY_JOBS", 100)
    before = _children()
    found = survey(FROM_SEALS, crowded, clock, deciders=Processes(2))
    assert len(_children() - before) == 2
    found.plan(clock.now(), watch=lambda *_: None)
    assert _children() <= before
    Path(crowded.path, ".rules/sealed").rename(Path(crowded.path, ".rules/aside"))
    Path(crowded.path, ".rules/sealed").touch()
    with pytest.raises(UntrustedStateError):
        survey(FROM_SEALS, crowded, clock, deciders=Processes(2))
    assert _children() <= before


def test_what_a_decider_cannot_trust_is_told_as_one_process_tells_it(crowded: Root, clock: LaterClock) -> None:
    """The seal and the log of a job were lost since the manifests were read."""
    state, before = Path(crowded.path, ".rules"), _children()
    found = survey(FROM_SEALS, crowded, clock, deciders=_ready(2))
    plan = found.plan(clock.now())
    for path in [*state.glob("sealed/job-12*"), *state.glob("manifests/job-12*")]:
        path.unlink()
    with pytest.raises(UntrustedStateError, match=r"`\.rules/sealed/job-12\d\.json` was lost while it was read"):
        list(plan.batches)
    assert _children() <= before


def test_a_message_that_was_cut_is_none() -> None:
    """A process that ends in the middle of a message has not said it."""
    whole = io.BytesIO()
    send(whole, ["x"] * 10)
    data = whole.getvalue()
    assert receive(io.BytesIO(data)) == ["x"] * 10
    assert [receive(io.BytesIO(data[:size])) for size in (0, 3, 8, len(data) - 1)] == [None] * 4


def _served(root: Root, *messages: object) -> list[object]:
    """What a decider answers to these messages."""
    asked, told = io.BytesIO(), io.BytesIO()
    for message in messages:
        if isinstance(message, Task):
            send_task([asked], message)
        else:
            send(asked, message)
    asked.seek(0)
    decider.serve(root, asked, told)
    told.seek(0)
    return list(iter(lambda: receive(told), None))


def test_a_decider_serves_until_nobody_asks(crowded: Root, clock: LaterClock) -> None:
    """It says that it is up and ready, and answers part by part, much in several messages; whoever asks may be gone."""
    for number in range(2_500):
        Path(crowded.path, f"in/3/{number}.tmp").touch()
    now = Instant(clock.now() + 30 * DAY)
    task = Task(BY_WALK, (), Guards(), now, Ask(), NO_RANKS, WalkOn((), None, {}))
    answers = _served(crowded, task, {}, (("in", ["3", "4"]),), ((ROOT, ["other"]),), ())
    assert [one if isinstance(one, str) else one[0] for one in answers] == [  # type: ignore[index]
        "up", "ready", "steps", "steps", "part", "part", "sums",
    ]  # fmt: skip
    assert _served(crowded, task, {}, (("in", ["4"]),))[-1][0] == "part"  # type: ignore[index]
    assert _served(crowded, task) == ["up", "ready"]
    assert _served(crowded) == ["up"]
