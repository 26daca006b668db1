"""What recorded runs did to one path."""

from pathlib import Path

import pytest
from past_runs import NOON, batch, in_trash, record

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import Outcome, RunResult, RunState
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.history import past_steps
from rules_engine.jobs.planning import survey
from rules_engine.plan.model import StepAction
from rules_engine.policy.load import load_texts
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import SECOND, Instant
from rules_engine.values.vocabulary import EntryKind

RULE = '{name: temps, files: {match: ["temp_*"], tracked: false}, after: 0s, action: delete}'
POLICIES = load_texts({"policies/cleanup.yaml": f"version: 1\nkind: cleanup\nrules:\n  - {RULE}\n"})
PATH = RelPath("a/temp_1")


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """A root with two temps."""
    for name in ("a/temp_1", "a/temp_2"):
        (tmp_path / "media" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "media" / name).write_text("x")
    return Root.create(str(tmp_path / "media"))


def _apply(root: Root) -> Path:
    """Carry out what is due now; the folder of the run."""
    clock = SystemClock()
    plan = survey(POLICIES, root, clock).plan(clock.now())
    result = apply_plan(plan, root, policies=POLICIES, clock=clock)
    return Path(root.path, ".rules", "runs", result.run_id)


def test_a_directory_that_is_no_root_has_no_past(tmp_path: Path) -> None:
    """Nor has a root without runs."""
    (tmp_path / "plain").mkdir()
    with Root.open(str(tmp_path / "plain")) as plain:
        assert past_steps(plain, PATH) == ()
    with Root.create(str(tmp_path / "plain")) as made:
        assert past_steps(made, PATH) == ()


def test_each_run_that_had_a_step_on_a_path_is_told_newest_first(root: Root) -> None:
    """The same name may go more than once."""
    first = _apply(root)
    Path(root.path, PATH).write_text("again")
    second = _apply(root)
    steps = past_steps(root, PATH)
    assert [step.run_id for step in steps] == [second.name, first.name]
    assert {(step.action, step.rules, step.outcome) for step in steps} == {
        (StepAction.DELETE, ("temps",), Outcome.DONE)
    }
    assert past_steps(root, RelPath("b/temp_1")) == ()


def test_a_run_that_was_cut_short_before_a_step_says_that_it_was_not_reached(root: Root) -> None:
    """Without outcomes nothing is known to have happened."""
    folder = _apply(root)
    (folder / "outcomes.jsonl").unlink()
    assert [step.outcome for step in past_steps(root, PATH)] == [None]


def test_a_plan_of_a_run_that_is_damaged_tells_nothing(root: Root) -> None:
    """And stops nobody from asking."""
    folder = _apply(root)
    plan = folder / "plan.jsonl"
    plan.write_bytes(plan.read_bytes()[:-20])
    assert past_steps(root, PATH) == ()


def test_a_run_folder_without_a_plan_tells_nothing(root: Root) -> None:
    """It was killed before its plan was durable."""
    folder = _apply(root)
    (folder / "plan.jsonl").unlink()
    assert past_steps(root, PATH) == ()


def test_a_path_below_a_directory_that_went_whole_is_told_by_that_step(root: Root) -> None:
    """The step names the directory; what lies in the trash can be put back, and what came back says from where."""
    went = record(root, batch("a", "sub", kind=EntryKind.DIRECTORY), now=NOON)
    in_trash(root, went, "a/sub/deep/file")
    back = record(
        root, batch("a", "sub", kind=EntryKind.DIRECTORY, action=StepAction.RESTORE, from_run=went), now=NOON + 1
    )
    steps = past_steps(root, RelPath("a/sub/deep/file"))
    assert [(step.run_id, step.action, step.path, step.from_run, step.in_trash) for step in steps] == [
        (back, StepAction.RESTORE, "a/sub", went, False),
        (went, StepAction.TRASH, "a/sub", "", True),
    ]
    assert not past_steps(root, RelPath("a/sub/deep/other"))[1].in_trash
    assert [step.path for step in past_steps(root, RelPath("a/sub"))] == ["a/sub", "a/sub"]
    assert past_steps(root, RelPath("a/other")) == ()


def test_only_what_goes_whole_says_something_of_what_was_below(root: Root) -> None:
    """A directory that was removed was empty, and a file has nothing below it."""
    record(root, batch("a", "sub", kind=EntryKind.DIRECTORY, action=StepAction.REMOVE_DIRECTORY), batch("a", "b"))
    assert past_steps(root, RelPath("a/sub/file")) == ()
    assert past_steps(root, RelPath("a/b/file")) == ()
    assert [step.action for step in past_steps(root, RelPath("a/sub"))] == [StepAction.REMOVE_DIRECTORY]


def test_what_a_run_ended_and_set_aside_is_told(root: Root) -> None:
    """When it ended, as its report says; and that the file is still in the trash, only while it is."""
    ended = RunResult("0" * 16, RunState.FINISHED, NOON, Instant(NOON + SECOND))
    run_id = record(root, batch("a", "temp_1", "temp_2"), result=ended)
    in_trash(root, run_id, "a/temp_1")
    one, two = (past_steps(root, RelPath(f"a/{name}"))[0] for name in ("temp_1", "temp_2"))
    assert (one.ended, one.in_trash) == (NOON + SECOND, True)
    assert (two.ended, two.in_trash) == (NOON + SECOND, False)


@pytest.mark.parametrize(
    "name", ["c", "sp ace", 'q"uote', "새", "\udcff", "new\nline", "back\\slash", "\x7f", "\u2028"]
)
def test_every_name_is_found_as_a_plan_writes_it(root: Root, name: str) -> None:
    """Also in a directory of that name, and in the root itself."""
    record(root, batch(name, name, "x"), batch("", name))
    for path in (f"{name}/{name}", f"{name}/x", name):
        assert len(past_steps(root, RelPath(path))) == 1
    assert past_steps(root, RelPath("x")) == ()


def test_a_name_across_two_pieces_of_a_plan_is_found(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search reads piece by piece; no name may fall between them."""
    record(root, batch("a", "temp_1"))
    for size in range(1, 40):
        monkeypatch.setattr("rules_engine.jobs.history._PIECE", size)
        assert len(past_steps(root, PATH)) == 1
