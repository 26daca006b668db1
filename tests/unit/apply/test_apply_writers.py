import errno
import os
from pathlib import Path

import pytest
from apply_world import NOON, FixedClock, apply, batch_of, counts, fill, plan_of, tree_of, unit_of
from other_users import IS_ROOT, NOBODY, ordinary_user

from rules_engine.apply import state
from rules_engine.apply.model import Outcome, RunResult
from rules_engine.apply.state import JobsOnDisk, Known
from rules_engine.apply.writers import Writer, Writers
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import Root
from rules_engine.filesystem.status import Status
from rules_engine.inventory.tracked import observe_job
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.model import StepAction
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind, FileType, JobId, JobType

AUDIENCE = 4_242
as_root = pytest.mark.skipif(not IS_ROOT, reason="only the superuser can be held back from the files of others")


def make_job(root: Root, *files: str, finish: bool = True) -> Path:
    """A job `j1` of the ordinary user that names files; gives the root as a path."""
    fill(root, "scratch/j1/own", *files)
    store = ManifestStore(root, FixedClock(NOON - 10), host="here")
    store.start(StartRequest(JobId("j1"), JobType("alpha"), RelPath("scratch/j1"), RelPath("out")))
    store.add_files("j1", [(RelPath(one), FileType("temp_slide")) for one in files])
    top = Path(root.path)
    for path in (top / ".rules/manifests").iterdir():
        os.chown(path, NOBODY, NOBODY)
        path.chmod(0o600)
    if finish:
        store.end("j1", success=True, observe=lambda record: observe_job(root, record))
    for path in (top / "scratch/j1", *(top / "scratch/j1").rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    return top


def causes(result: RunResult) -> list[tuple[str, str]]:
    """What was protected, and why."""
    return [(one.path, one.cause) for one in result.noted if one.outcome is Outcome.PROTECTED]


@as_root
@pytest.mark.parametrize("action", [StepAction.DELETE, StepAction.TRASH])
def test_a_manifest_does_not_speak_of_files_of_another_user(root: Root, action: StepAction) -> None:
    """The user's own file goes, that of root stays, though the job names both."""
    top = make_job(root, "shared/theirs", "shared/own")
    os.chown(top / "shared/own", NOBODY, NOBODY)
    result = apply(plan_of(root, batch_of(root, "shared", "own", "theirs", owners=("j1",), action=action)), root)
    why = f"the manifest of job `j1` belongs to user {NOBODY}, the file to user 0"
    assert causes(result) == [("shared/theirs", why)]
    assert result.count(Outcome.DONE) == 1


@as_root
def test_a_manifest_speaks_of_files_of_its_group(root: Root) -> None:
    """A group that works together; but nobody speaks for the group of the superuser."""
    top = make_job(root, "shared/ours", "shared/roots")
    os.chown(top / "shared/ours", AUDIENCE, NOBODY)
    for path in (top / ".rules/sealed").iterdir():
        os.chown(path, NOBODY, NOBODY)
    result = apply(plan_of(root, batch_of(root, "shared", "ours", "roots", owners=("j1",))), root)
    assert [path for path, _ in causes(result)] == ["shared/roots"]


@as_root
def test_a_manifest_of_the_superuser_speaks_of_every_file(root: Root) -> None:
    """Whoever wrote it may remove anything."""
    top = make_job(root, "shared/x")
    for area in ("manifests", "sealed"):
        for path in (top / ".rules" / area).iterdir():
            os.chown(path, 0, 0)
    os.chown(top / "shared/x", AUDIENCE, AUDIENCE)
    assert counts(apply(plan_of(root, batch_of(root, "shared", "x", owners=("j1",))), root)) == {"done": 1}


@as_root
def test_files_without_an_owner_are_not_concerned(root: Root) -> None:
    """No manifest speaks of them, so none can say too much."""
    make_job(root)
    fill(root, "other/x")
    assert counts(apply(plan_of(root, batch_of(root, "other", "x")), root)) == {"done": 1}


@as_root
@pytest.mark.parametrize("action", [StepAction.DELETE, StepAction.TRASH])
def test_a_workspace_with_a_file_of_another_user_stays_whole(root: Root, action: StepAction) -> None:
    """Also where that file lies deep below."""
    top = make_job(root, "scratch/j1/a/b/c")
    os.chown(top / "scratch/j1/a/b/c", AUDIENCE, AUDIENCE)
    plan = plan_of(root, unit_of(root, "scratch", "j1", owners=("j1",), action=action))
    why = f"the manifest of job `j1` belongs to user {NOBODY}, `j1/a/b/c` to user {AUDIENCE}"
    assert causes(apply(plan, root)) == [("scratch/j1", why)]
    os.chown(top / "scratch/j1/a/b/c", NOBODY, NOBODY)
    again = plan_of(root, unit_of(root, "scratch", "j1", owners=("j1",), action=action), now=NOON + 1)
    assert counts(apply(again, root)) == {"done": 1}


@as_root
def test_a_directory_of_another_user_stays(root: Root) -> None:
    """An empty one too."""
    top = make_job(root)
    (top / "scratch/j1/empty").mkdir()
    batch = batch_of(root, "scratch/j1", "empty", owners=("j1",), action=StepAction.REMOVE_DIRECTORY)
    assert causes(apply(plan_of(root, batch), root)) == [
        ("scratch/j1/empty", f"the manifest of job `j1` belongs to user {NOBODY}, the directory to user 0")
    ]


@as_root
def test_what_is_gone_or_changed_is_said_as_such(root: Root) -> None:
    """Before anything is said of users."""
    top = make_job(root, "shared/gone", "shared/changed")
    batch = batch_of(root, "shared", "changed", "gone", owners=("j1",))
    (top / "shared/gone").unlink()
    (top / "shared/changed").write_bytes(b"longer")
    assert counts(apply(plan_of(root, batch), root)) == {"changed": 1, "gone": 1}


@as_root
def test_an_ordinary_user_is_bound_by_permissions_alone(root: Root) -> None:
    """What that user may remove by hand may go by a manifest."""
    top = make_job(root, "shared/x")
    for path in (top, *top.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    os.chown(top / "shared/x", AUDIENCE, AUDIENCE)
    batch = batch_of(root, "shared", "x", owners=("j1",))
    with ordinary_user():
        assert counts(apply(plan_of(root, batch), root)) == {"done": 1}


@as_root
def test_a_seal_that_the_superuser_writes_stays_the_users(root: Root) -> None:
    """The first one, and every one that replaces it: some day it stands for the logs alone."""
    top = make_job(root, "shared/own")
    seal = top / ".rules/sealed/j1.json"
    assert seal.stat().st_uid == NOBODY
    os.chown(top / "shared/own", NOBODY, NOBODY)
    assert counts(apply(plan_of(root, batch_of(root, "shared", "own", owners=("j1",))), root)) == {"done": 1}
    assert seal.stat().st_uid == NOBODY
    assert tree_of(root) == ["scratch", "scratch/j1", "scratch/j1/own", "shared"]


def test_a_log_that_nobody_can_look_at_speaks_of_nothing(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who wrote it is not known."""
    fill(root, "a/x", ".rules/manifests/j1@here.jsonl")
    jobs = JobsOnDisk(root.require_state(), lambda: Known(()))
    with monkeypatch.context() as broken:
        broken.setattr(state, "read_stamps", lambda *_: {"j1@here.jsonl": OSError(errno.EIO, "Input/output error")})
        jobs.read()
    batch = batch_of(root, "a", "x", owners=("j1",))
    with root.directory.open(RelPath("a")) as here:
        found = Writers(jobs).protects(batch, batch.entries[0], here)
    assert found is not None
    assert found.outcome is Outcome.PROTECTED


@pytest.mark.parametrize(("code", "outcome"), [(errno.ENOENT, Outcome.CHANGED), (errno.EIO, None)])
def test_a_workspace_that_moves_while_it_is_looked_at_is_changed(
    root: Root, monkeypatch: pytest.MonkeyPatch, code: int, outcome: Outcome | None
) -> None:
    """An error of the disk is raised, for the step to be tried again."""
    fill(root, "a/x")
    jobs = JobsOnDisk(root.require_state(), lambda: Known(()))
    me = (os.geteuid(), os.getegid(), 0o660)
    monkeypatch.setattr(jobs, "writers", lambda: {JobId("j1"): [me]})
    batch = unit_of(root, "", "a", owners=("j1",))
    with root.directory.open(RelPath("")) as here:
        monkeypatch.setattr(Directory, "entries", lambda _: [("x", OSError(code, os.strerror(code)))])
        if outcome is None:
            with pytest.raises(OSError, match="Input/output"):
                Writers(jobs).protects(batch, batch.entries[0], here)
        else:
            found = Writers(jobs).protects(batch, batch.entries[0], here)
            assert found is not None
            assert found.outcome is outcome


def status(uid: int, gid: int) -> Status:
    """A file of that user and group."""
    return Status(EntryKind.FILE, 1, 1, 1, 1, 1, 1, 0o600, uid, gid)


@pytest.mark.parametrize(
    ("writer", "uid", "gid", "speaks"),
    [
        (Writer(7, 7, 0o600), 7, 8, True),
        (Writer(7, 7, 0o600), 8, 7, True),
        (Writer(7, 7, 0o600), 8, 8, False),
        (Writer(7, 0, 0o600), 8, 0, False),
        (Writer(0, 0, 0o600), 8, 8, True),
        (Writer(0, 9, 0o660), 8, 8, False),
        (Writer(0, 9, 0o660), 8, 9, True),
        (Writer(0, 9, 0o660), 0, 0, True),
    ],
)
def test_a_writer_speaks_for_its_own_files(writer: Writer, uid: int, gid: int, speaks: bool) -> None:
    """A log of the superuser that a group may write is the group's too."""
    assert writer.speaks_for(status(uid, gid)) is speaks


@as_root
def test_who_wrote_is_known_anew_once_it_changed(root: Root) -> None:
    """A seal that this run amended says the same of its writer; a log of another user does not."""
    top = make_job(root)
    jobs = JobsOnDisk(root.require_state(), lambda: Known(()))
    jobs.read()
    known = jobs.writers()
    assert jobs.has_changed(frozenset()) is False
    seal = top / ".rules/sealed/j1.json"
    (top / ".rules/sealed/new").write_bytes(seal.read_bytes())
    os.chmod(top / ".rules/sealed/new", seal.stat().st_mode)
    os.chown(top / ".rules/sealed/new", NOBODY, NOBODY)
    (top / ".rules/sealed/new").replace(seal)
    assert jobs.has_changed(frozenset({JobId("j1")})) is False
    assert jobs.writers() is known
    seal.chmod(0o666)
    assert jobs.has_changed(frozenset()) is True
    assert jobs.writers() != known
