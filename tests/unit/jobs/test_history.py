"""What recorded runs did to one path."""

from pathlib import Path

import pytest

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import Outcome
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.history import past_steps
from rules_engine.jobs.planning import survey
from rules_engine.plan.model import StepAction
from rules_engine.policy.load import load_texts
from rules_engine.values.paths import RelPath

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
