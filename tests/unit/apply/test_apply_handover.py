import errno
import os
from pathlib import Path

import msgspec
import pytest
from apply_world import NOON, FixedClock, apply, batch_of, counts, fill, plan_of, tree_of
from other_users import give_away, ordinary_user

from rules_engine.apply.handover import HANDOVER, Handover, HandoverLine, Identity, read_handover
from rules_engine.apply.model import Event, HandedOver, Outcome, StepResult
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Batch, Entry, Plan, StepAction
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind, RuleName

PAGE = Path(__file__).parents[3] / "docs/reference/formats/handover.md"
REFUSED = StepResult(Outcome.FAILED, errno=errno.EACCES, cause="Permission denied")
DONE = StepResult(Outcome.DONE)


def closed_plan(root: Root) -> Plan:
    """A plan for `a/x` and `b/y`; the directory `a` is closed."""
    fill(root, "a/x", "b/y")
    give_away(root)
    (Path(root.path) / "a").chmod(0o555)
    return plan_of(root, batch_of(root, "a", "x"), batch_of(root, "b", "y"))


def log_of(root: Root) -> Path:
    """The log of handovers."""
    return Path(root.path) / ".rules" / HANDOVER


def one_batch(*names: str) -> Batch:
    """A batch of files with these names."""
    entries = tuple(Entry(name, EntryKind.FILE, 7, 3, 1, 1) for name in names)
    return Batch(RelPath("a"), StepAction.DELETE, entries, (RuleName("old"),))


def handover_of(root: Root, uid: int = 1000) -> Handover:
    """What one run hands over."""
    return Handover(root.require_state(), FixedClock(), run_id="0" * 16, uid=uid)


def test_a_step_that_permissions_forbid_is_handed_over(root: Root) -> None:
    """It is recorded with all that another user has to know, and a listener hears of it; the rest is done."""
    plan = closed_plan(root)
    heard: list[Event] = []
    with ordinary_user() as uid:
        result = apply(plan, root, listen=heard.append)
    assert counts(result) == {"done": 1, "failed": 1}
    notices = [one for one in heard if isinstance(one, HandedOver)]
    assert notices == [HandedOver(result.failures[0], (RuleName("r"),), uid, result.run_id)]
    found = (Path(root.path) / "a/x").stat()
    assert read_handover(root.require_state()) == (
        HandoverLine(
            path="a/x",
            action=StepAction.DELETE,
            rules=(RuleName("r"),),
            identity=Identity(EntryKind.FILE, found.st_ino, 3, found.st_mtime_ns, found.st_ctime_ns),
            errno=errno.EACCES,
            cause="Permission denied",
            uid=uid,
            at=NOON,
            run_id=result.run_id,
        ),
    )


def test_another_user_is_offered_the_step_again_and_settles_it(root: Root) -> None:
    """The next plan has the same step; once it is done nothing waits any more."""
    plan = closed_plan(root)
    with ordinary_user():
        apply(plan, root)
    (Path(root.path) / "a").chmod(0o755)
    again = plan_of(root, batch_of(root, "a", "x"), now=NOON + 1)
    assert counts(apply(again, root)) == {"done": 1}
    assert read_handover(root.require_state()) == ()
    assert tree_of(root) == ["a", "b"]
    last = msgspec.json.decode(log_of(root).read_bytes().splitlines()[-1])
    assert (last["path"], last["settled"], last["uid"]) == ("a/x", "done", os.geteuid())


def test_the_same_user_who_tries_every_night_adds_one_line(root: Root) -> None:
    """The listener hears of it every time."""
    for night in range(3):
        handover = handover_of(root)
        handover.add(one_batch("x"), 0, [REFUSED])
        assert [one.noted.path for one in handover.flush()] == ["a/x"], night
    assert len(log_of(root).read_bytes().splitlines()) == 1
    other = handover_of(root, uid=2000)
    other.add(one_batch("x"), 0, [REFUSED])
    other.flush()
    assert [one.uid for one in read_handover(root.require_state())] == [2000]


def test_a_step_told_twice_is_handed_over_once(root: Root) -> None:
    """A run that goes on tells the steps of its last commit again."""
    handover = handover_of(root)
    handover.add(one_batch("x", "y"), 0, [REFUSED, REFUSED])
    handover.add(one_batch("x", "y"), 1, [REFUSED])
    handover.flush()
    assert [one.path for one in read_handover(root.require_state())] == ["a/x", "a/y"]


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.GONE, Outcome.CHANGED])
def test_what_is_done_gone_or_changed_waits_no_more(root: Root, outcome: Outcome) -> None:
    """A step that another run found protected still waits."""
    handover = handover_of(root)
    handover.add(one_batch("x"), 0, [REFUSED])
    handover.add(one_batch("x"), 0, [StepResult(Outcome.PROTECTED)])
    handover.flush()
    assert len(read_handover(root.require_state())) == 1
    later = handover_of(root)
    later.add(one_batch("other", "x"), 0, [StepResult(outcome), StepResult(outcome)])
    later.flush()
    assert read_handover(root.require_state()) == ()


def test_failures_of_other_kinds_are_not_handed_over(root: Root) -> None:
    """Another user could not carry them out either."""
    handover = handover_of(root)
    handover.add(one_batch("x"), 0, [StepResult(Outcome.FAILED, errno=errno.EIO, cause="Input/output error")])
    assert handover.flush() == ()
    assert not log_of(root).exists()


def test_half_a_line_swallows_no_other(root: Root) -> None:
    """A killed writer's tail is passed over, as is a line that somebody edited."""
    handover = handover_of(root)
    handover.add(one_batch("x"), 0, [REFUSED])
    handover.flush()
    whole = log_of(root).read_bytes()
    log_of(root).write_bytes(whole.replace(b'"uid":1000', b'"uid":1001') + whole[:20])
    handover = handover_of(root)
    handover.add(one_batch("y"), 0, [REFUSED])
    handover.flush()
    assert [one.path for one in read_handover(root.require_state())] == ["a/y"]


def test_a_name_that_is_not_utf8_is_handed_over_in_hex(root: Root) -> None:
    """And settled by the same name."""
    name = os.fsdecode(b"\xff")
    handover = handover_of(root)
    handover.add(one_batch(name), 0, [REFUSED])
    handover.flush()
    assert [one.path for one in read_handover(root.require_state())] == [{"bytes": "612fff"}]
    handover = handover_of(root)
    handover.add(one_batch(name), 0, [DONE])
    handover.flush()
    assert read_handover(root.require_state()) == ()


def test_a_log_of_settled_steps_is_written_anew(root: Root) -> None:
    """It grows with what waits, not with what has ever waited."""
    handover = handover_of(root)
    names = [f"f{number}" for number in range(600)]
    handover.add(one_batch(*names), 0, [REFUSED] * 600)
    handover.add(one_batch(*names), 1, [DONE] * 599)
    handover.flush()
    assert len(log_of(root).read_bytes().splitlines()) == 1199
    handover_of(root)
    assert [one.path for one in read_handover(root.require_state())] == ["a/f0"]
    assert len(log_of(root).read_bytes().splitlines()) == 1


def test_a_line_is_the_documented_one(root: Root) -> None:
    """The example of the page, byte for byte."""
    handover = handover_of(root)
    handover.add(one_batch("x"), 0, [REFUSED])
    handover.flush()
    assert log_of(root).read_text() in PAGE.read_text()
