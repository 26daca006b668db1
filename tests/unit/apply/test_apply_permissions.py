import errno
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from apply_world import POLICIES, FixedClock, apply, batch_of, counts, fill, plan_of, tree_of
from other_users import IS_ROOT, NOBODY, give_away, immutable, mode_of, ordinary_user

from rules_engine.apply.model import Outcome, RunResult
from rules_engine.apply.permissions import OPENED
from rules_engine.errors import ExitCode, RefusedError
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Plan, StepAction
from rules_engine.policy.model import PolicySet, Settings
from rules_engine.values.quantities import DAY

OPEN = PolicySet(settings=Settings(open_parents=True), digest=POLICIES.digest)
KILLED = """
import codecs, os, signal, sys
codecs.lookup("ascii")
from rules_engine.apply.permissions import Parents
from rules_engine.filesystem.root import Root
from rules_engine.values.paths import RelPath
with Root.open(sys.argv[1]) as root:
    os.seteuid(int(sys.argv[2]))
    with root.directory.open(RelPath("a")) as here:
        parents = Parents(root.directory, root.require_state())
        refused = PermissionError(13, "Permission denied")
        parents.again(refused, RelPath("a"), here, lambda: os.kill(os.getpid(), signal.SIGKILL))
"""


def closed_scene(root: Root, *, action: StepAction = StepAction.DELETE) -> tuple[Plan, Path]:
    """A plan for `a/x`, whose directory its owner has closed."""
    fill(root, "a/x", "a/stays")
    give_away(root)
    directory = Path(root.path) / "a"
    directory.chmod(0o555)
    return plan_of(root, batch_of(root, "a", "x", action=action)), directory


def as_ordinary_user(plan: Plan, root: Root, policies: PolicySet = OPEN) -> RunResult:
    """Carry the plan out without any right to pass over permissions."""
    with ordinary_user():
        return apply(plan, root, policies=policies)


def test_a_closed_directory_refuses_its_steps(root: Root) -> None:
    """Unless the settings allow it, no mode is changed; the step failed, and the exit code says so."""
    plan, directory = closed_scene(root)
    result = as_ordinary_user(plan, root, POLICIES)
    assert [(one.path, one.errno, one.cause) for one in result.failures] == [("a/x", errno.EACCES, "Permission denied")]
    assert result.exit_code is ExitCode.SOME_FAILED
    assert tree_of(root) == ["a", "a/stays", "a/x"]
    assert mode_of(directory) == 0o555


@pytest.mark.parametrize("action", [StepAction.DELETE, StepAction.TRASH])
def test_an_allowed_run_opens_the_directory_for_the_moment(root: Root, action: StepAction) -> None:
    """The step is done, and the directory has its mode again."""
    plan, directory = closed_scene(root, action=action)
    assert counts(as_ordinary_user(plan, root)) == {"done": 1}
    assert tree_of(root) == ["a", "a/stays"]
    assert mode_of(directory) == 0o555
    assert OPENED not in os.listdir(Path(root.path) / ".rules")


def test_an_opened_directory_is_closed_when_the_step_is_not_done(root: Root) -> None:
    """A directory in it turns out not to be empty: the mode is given back all the same."""
    fill(root, "a/full/x")
    give_away(root)
    plan = plan_of(root, batch_of(root, "a", "full", action=StepAction.REMOVE_DIRECTORY))
    directory = Path(root.path) / "a"
    directory.chmod(0o555)
    result = as_ordinary_user(plan, root)
    assert [(one.outcome, one.cause) for one in result.noted] == [(Outcome.CHANGED, "it is not empty")]
    assert mode_of(directory) == 0o555


def test_an_opened_directory_is_closed_when_the_step_fails(root: Root) -> None:
    """An immutable file cannot go even then."""
    _, directory = closed_scene(root)
    with immutable(directory / "x"):
        plan = plan_of(root, batch_of(root, "a", "x"))
        result = as_ordinary_user(plan, root)
        assert [(one.path, one.errno) for one in result.failures] == [("a/x", errno.EPERM)]
        assert mode_of(directory) == 0o555


def test_an_immutable_directory_is_not_opened(root: Root) -> None:
    """Where the system refuses the change of the mode as well, the step fails with what it says."""
    plan, directory = closed_scene(root)
    with immutable(directory):
        result = as_ordinary_user(plan, root)
        assert [(one.path, one.errno) for one in result.failures] == [("a/x", errno.EPERM)]
        assert mode_of(directory) == 0o555
    assert OPENED not in os.listdir(Path(root.path) / ".rules")


def test_an_open_directory_that_refuses_is_left_as_it_is(root: Root) -> None:
    """An immutable directory with every permission: there is nothing to open."""
    fill(root, "a/x")
    plan = plan_of(root, batch_of(root, "a", "x"))
    with immutable(Path(root.path) / "a"):
        result = apply(plan, root, policies=OPEN)
        assert [(one.path, one.errno) for one in result.failures] == [("a/x", errno.EPERM)]


@pytest.mark.skipif(not IS_ROOT, reason="only the superuser can make a directory another user's")
def test_a_directory_of_another_user_is_never_opened(root: Root) -> None:
    """Its mode is not ours to change."""
    plan, directory = closed_scene(root)
    os.chown(directory, 0, 0)
    assert [one.errno for one in as_ordinary_user(plan, root).failures] == [errno.EACCES]
    assert mode_of(directory) == 0o555


@pytest.mark.parametrize(("group", "outcome"), [(0, "done"), (NOBODY, "failed")])
@pytest.mark.skipif(not IS_ROOT, reason="only the superuser can give a directory to a group that it is not in")
def test_a_directory_that_would_lose_a_bit_is_not_opened(root: Root, group: int, outcome: str) -> None:
    """Opened and closed by a user outside its group, a directory would not hand its group on any more."""
    plan, directory = closed_scene(root)
    os.chown(directory, NOBODY, group)
    directory.chmod(0o2555)
    assert counts(as_ordinary_user(plan, root)) == {outcome: 1}
    assert mode_of(directory) == 0o2555


@pytest.mark.skipif(not IS_ROOT, reason="only the superuser can make a file another user's")
def test_the_sticky_bit_refuses_a_rename_into_the_trash(root: Root) -> None:
    """A file of another user in a directory that everybody may write to stays; it is never deleted instead."""
    fill(root, "a/x")
    give_away(root)
    os.chown(Path(root.path) / "a", 0, 0)
    (Path(root.path) / "a").chmod(0o1777)
    os.chown(Path(root.path) / "a/x", 0, 0)
    # Long after it changed: of another user's file nobody can tell for a day whether it is in use.
    later = SystemClock().now() + 2 * DAY
    plan = plan_of(root, batch_of(root, "a", "x", action=StepAction.TRASH), now=later)
    with ordinary_user():
        result = apply(plan, root, policies=OPEN, clock=FixedClock(later))
    assert [(one.action, one.errno) for one in result.failures] == [(StepAction.TRASH, errno.EPERM)]
    assert tree_of(root) == ["a", "a/x"]


def test_a_directory_that_a_killed_run_left_open_is_closed_by_the_next(root: Root) -> None:
    """Also by a run that may not open any itself."""
    plan, directory = closed_scene(root)
    uid = str(NOBODY if IS_ROOT else os.geteuid())
    # A measurement of coverage could not write its data as that user.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run([sys.executable, "-c", KILLED, root.path, uid], check=False, env=kept, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert mode_of(directory) == 0o755
    as_ordinary_user(plan, root, POLICIES)
    assert mode_of(directory) == 0o555
    assert OPENED not in os.listdir(Path(root.path) / ".rules")


def test_only_the_directory_that_was_opened_is_closed(root: Root) -> None:
    """Not one that has its name now, not one whose mode somebody changed, and not for half a record."""
    fill(root, "a/x", "b/x")
    directory, record = Path(root.path) / "a", Path(root.path) / ".rules" / OPENED
    inode = directory.stat().st_ino
    for text in (
        f'{{"directory":"a","inode":{inode + 1},"mode":365}}',
        f'{{"directory":"gone","inode":{inode},"mode":365}}',
        '{"directory":"a","ino',
    ):
        record.write_text(text)
        directory.chmod(0o755)
        apply(plan_of(root, batch_of(root, "b", "x")), root)
        assert mode_of(directory) == 0o755
        assert not record.exists()
        fill(root, "b/x")
    record.write_text(f'{{"directory":"a","inode":{inode},"mode":365}}')
    directory.chmod(0o700)
    apply(plan_of(root, batch_of(root, "b", "x")), root)
    assert mode_of(directory) == 0o700


def test_steps_without_a_need_leave_no_trace_of_it(root: Root) -> None:
    """Where nothing is refused, nothing is opened."""
    fill(root, "a/x")
    before = mode_of(Path(root.path) / "a")
    result = apply(plan_of(root, batch_of(root, "a", "x")), root, policies=replace(OPEN))
    assert counts(result) == {"done": 1}
    assert mode_of(Path(root.path) / "a") == before


def test_a_run_that_cannot_be_recorded_is_refused(root: Root) -> None:
    """Nothing is touched whose outcome could not be written down."""
    fill(root, "a/x", "a/y")
    apply(plan_of(root, batch_of(root, "a", "x")), root)
    with immutable(Path(root.path) / ".rules/runs"), pytest.raises(RefusedError) as caught:
        apply(plan_of(root, batch_of(root, "a", "y")), root)
    assert str(caught.value) == (
        "the run cannot be recorded below `.rules`: Operation not permitted\n"
        "  help: make room on the disk of the root, or mend its permissions; nothing was touched"
    )
    assert tree_of(root) == ["a", "a/y"]
