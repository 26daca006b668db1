"""Pins and keep markers that came after the plan: the run sees them."""

from pathlib import Path

import pytest
from apply_world import NOON, apply, batch_of, counts, fill, plan_of, tree_of

from rules_engine.apply.group import MOST_STEPS
from rules_engine.apply.model import Committed, Event, RunResult
from rules_engine.apply.pins import PINS, set_pin, take_pin
from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.root import Root
from rules_engine.plan.given import Pin
from rules_engine.plan.model import StepAction
from rules_engine.values.paths import ROOT, RelPath
from rules_engine.values.quantities import Instant

REMOVE = StepAction.REMOVE_DIRECTORY


def pin(root: Root, path: str, until: int | None = None) -> None:
    """Pin a path."""
    end = Instant(until) if until is not None else None
    set_pin(root.require_state(), Pin(path=RelPath(path), reason="mine", until=end), NOON)


def causes(result: RunResult) -> dict[str, str]:
    """What was noted, by path."""
    return {one.path: one.cause for one in result.noted}


@pytest.mark.parametrize("action", [StepAction.DELETE, StepAction.TRASH])
def test_a_file_that_was_pinned_after_the_plan_stays(root: Root, action: StepAction) -> None:
    """Its neighbour goes."""
    fill(root, "a/x", "a/y")
    plan = plan_of(root, batch_of(root, "a", "x", "y", action=action))
    pin(root, "a/x")
    result = apply(plan, root)
    assert counts(result) == {"done": 1, "protected": 1}
    assert causes(result) == {"a/x": "`a/x` is pinned: mine"}
    assert tree_of(root) == ["a", "a/x"]


@pytest.mark.parametrize("path", ["", "a", "a/b"])
def test_a_directory_that_was_pinned_after_the_plan_stays_with_all_below(root: Root, path: str) -> None:
    """Whether the pin is on it or above it."""
    fill(root, "a/b/x")
    (Path(root.path) / "a/b/c").mkdir()
    plan = plan_of(root, batch_of(root, "a/b", "x"), batch_of(root, "a/b", "c", action=REMOVE))
    set_pin(root.require_state(), Pin(path=RelPath(path)), NOON)
    assert counts(apply(plan, root)) == {"protected": 2}
    assert tree_of(root) == ["a", "a/b", "a/b/c", "a/b/x"]


def test_an_empty_directory_stays_for_a_pin_of_what_is_to_come(root: Root) -> None:
    """The path need not be there."""
    (Path(root.path) / "a/b").mkdir(parents=True)
    plan = plan_of(root, batch_of(root, "a", "b", action=REMOVE), batch_of(root, "", "a", action=REMOVE))
    pin(root, "a/b/to-come")
    result = apply(plan, root)
    assert counts(result) == {"protected": 2}
    assert set(causes(result).values()) == {"`a/b/to-come` is pinned: mine"}


def test_a_pin_that_is_over_or_was_taken_away_protects_nothing(root: Root) -> None:
    """The present decides, not the plan."""
    fill(root, "a/x", "a/y")
    plan = plan_of(root, batch_of(root, "a", "x", "y"))
    pin(root, "a/x", until=NOON)
    pin(root, "a/y")
    take_pin(root.require_state(), Pin(path=RelPath("a/y")), NOON)
    assert counts(apply(plan, root)) == {"done": 2}


@pytest.mark.parametrize("mark", ["pin", "marker"])
def test_a_mark_that_comes_while_a_run_is_under_way_is_seen(root: Root, mark: str) -> None:
    """Pins are looked at again with each batch, keep markers with each group of steps that is recorded."""
    names = [f"{number:04d}" for number in range(MOST_STEPS + 2)]
    fill(root, *(f"a/{name}" for name in names))
    plan = plan_of(root, batch_of(root, "a", *names[:MOST_STEPS]), batch_of(root, "a", *names[MOST_STEPS:]))

    def listen(event: Event) -> None:
        if isinstance(event, Committed):
            pin(root, "a") if mark == "pin" else fill(root, "a/.rules-keep")

    assert counts(apply(plan, root, listen=listen)) == {"done": MOST_STEPS, "protected": 2}


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
@pytest.mark.parametrize("where", ["a/b", "a", "."])
def test_a_keep_marker_that_came_after_the_plan_protects(root: Root, where: str, kind: str) -> None:
    """In the directory itself, above it, or in the root; whatever it is."""
    fill(root, "a/b/x", "c/y")
    plan = plan_of(root, batch_of(root, "a/b", "x"), batch_of(root, "c", "y"))
    marker = Path(root.path, where, ".rules-keep")
    match kind:
        case "file":
            marker.touch()
        case "directory":
            marker.mkdir()
        case _:
            marker.symlink_to("nowhere")
    result = apply(plan, root)
    assert causes(result)["a/b/x"] == f"`{where}` has the keep marker `.rules-keep`"
    assert Path(root.path, "a/b/x").exists()
    assert Path(root.path, "c/y").exists() == (where == ".")


def test_damaged_pins_stop_a_run_before_its_first_step(root: Root) -> None:
    """Nobody knows what they protected."""
    fill(root, "a/x")
    plan = plan_of(root, batch_of(root, "a", "x"))
    pin(root, ROOT)
    file = Path(root.path, ".rules", PINS)
    file.write_bytes(file.read_bytes().replace(b"mine", b"MINE"))
    with pytest.raises(UntrustedStateError):
        apply(plan, root)
    assert tree_of(root) == ["a", "a/x"]
