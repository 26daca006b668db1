"""Two versions of policies over one tree: each file whose end changes is counted once, under what changes."""

import os
from pathlib import Path

from job_world import LAYOUT, PLAIN, LaterClock

from rules_engine.analysis.effects import Effect, Ending, effect_of
from rules_engine.filesystem.root import Root
from rules_engine.jobs.comparing import Example, Group, TreeComparison, compare_trees
from rules_engine.jobs.lifecycle import finish, start
from rules_engine.plan.model import Count
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import Action, PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, Instant
from rules_engine.values.vocabulary import RuleName

TEMPS = 'name: temps, files: {match: ["temp_*"], tracked: false}, after: 7d, action: trash'


def _policies(*rules: str) -> PolicySet:
    listed = "".join(f"  - {{{rule}}}\n" for rule in rules)
    files = {"short.yaml": LAYOUT, "plain.yaml": PLAIN}
    if rules:
        files["cleanup.yaml"] = f"version: 1\nkind: cleanup\nrules:\n{listed}"
    return load_texts(files)


def _compare(root: Root, clock: LaterClock, old: PolicySet, new: PolicySet) -> TreeComparison:
    return compare_trees(old, new, root, clock)


def _effects(found: TreeComparison) -> list[tuple[Effect, int, int]]:
    return [(group.effect, group.total.files, group.due.files) for group in found.groups]


def _stray(root: Root, name: str, clock: LaterClock, age: float, size: int = 3) -> None:
    """A file without an owner that was last written so many days ago; `since: written` sees no ctime."""
    path = Path(root.path) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    moment = clock.instant - int(age * DAY)
    os.utime(path, ns=(moment, moment))


def test_the_same_policies_change_nothing(root: Root, clock: LaterClock) -> None:
    """Whatever lies there."""
    _stray(root, "temp_a", clock, 3)
    found = _compare(root, clock, _policies(TEMPS), _policies(TEMPS))
    assert (found.groups, found.removes_more, found.looked_at) == ((), False, Count(1, 3))


def test_a_new_rule_takes_what_stayed(root: Root, clock: LaterClock) -> None:
    """What is due counts apart from what falls due; the largest are named."""
    written = f"{TEMPS}, since: written"
    _stray(root, "a/temp_old", clock, 8, size=5)
    _stray(root, "a/temp_new", clock, 3, size=2)
    _stray(root, "a/film", clock, 30)
    written_at = clock.instant - 3 * DAY
    found = _compare(root, clock, _policies(), _policies(written))
    assert found.removes_more
    assert found.groups == (
        Group(
            Effect.GOES,
            None,
            (Action.TRASH, (RuleName("temps"),)),
            Count(2, 7),
            Count(1, 5),
            (
                Example(RelPath("a/temp_old"), 5, None, found.now),
                Example(RelPath("a/temp_new"), 2, None, Instant(written_at + 7 * DAY)),
            ),
        ),
    )


def test_a_rule_that_is_gone_lets_its_files_stay(root: Root, clock: LaterClock) -> None:
    """Also where the new version does not look at the tree at all."""
    _stray(root, "temp_a", clock, 3)
    found = _compare(root, clock, _policies(TEMPS), _policies())
    assert _effects(found) == [(Effect.STAYS, 1, 0)]
    assert not found.removes_more
    kept = _compare(root, clock, _policies(TEMPS), _policies(TEMPS, "name: heroes, action: keep"))
    assert [(group.effect, group.after) for group in kept.groups] == [(Effect.STAYS, None)]


def test_each_change_of_an_age_or_an_action_has_its_effect(root: Root, clock: LaterClock) -> None:
    """A file has one effect: what weighs most."""
    written = f"{TEMPS}, since: written"
    _stray(root, "temp_a", clock, 3)
    later, sooner = written.replace("7d", "9d"), written.replace("7d", "1d")
    deleted = written.replace("trash", "delete")
    for old, new, expected in (
        (written, later, Effect.LATER),
        (written, sooner, Effect.SOONER),
        (written, deleted, Effect.FOR_GOOD),
        (deleted, written, Effect.SET_ASIDE),
    ):
        assert _effects(_compare(root, clock, _policies(old), _policies(new)))[0][0] is expected


def test_files_of_jobs_are_compared_by_their_own_clock(root: Root, clock: LaterClock) -> None:
    """What only a seal tells is enough."""
    old, new = _policies(), _policies("name: soon, files: {in: workspace}, after: 0s, action: delete")
    start(root, old, clock, "plain", job_id="a")
    (Path(root.path) / "wip/a/temp/clip.mkv").write_bytes(b"1")
    finish(root, old, clock, "a", success=True)
    found = _compare(root, clock, old, new)
    assert _effects(found) == [(Effect.SOONER, 1, 1)]
    assert found.groups[0].before == (Action.DELETE, (RuleName("settings.cleanup"),))


def test_a_workspace_that_goes_whole_counts_by_its_files(root: Root, clock: LaterClock) -> None:
    """A unit rule is no rule about files, but its files are gone all the same."""
    unit = "name: whole, unit: workspace, jobs: {type: plain}, after: 0s, action: delete"
    old, new = _policies("name: mine, action: keep"), _policies(unit)
    start(root, old, clock, "plain", job_id="a")
    for name in ("one", "two"):
        (Path(root.path) / f"wip/a/temp/{name}").write_bytes(b"1")
    finish(root, old, clock, "a", success=True)
    found = _compare(root, clock, old, new)
    assert _effects(found) == [(Effect.GOES, 2, 2)]


def test_nothing_of_the_tree_is_changed(root: Root, clock: LaterClock) -> None:
    """Not even the state."""
    _stray(root, "temp_a", clock, 30)
    before = sorted((str(path), path.lstat().st_mtime_ns) for path in Path(root.path).rglob("*"))
    _compare(root, clock, _policies(), _policies(TEMPS))
    assert sorted((str(path), path.lstat().st_mtime_ns) for path in Path(root.path).rglob("*")) == before


def test_an_effect_is_what_weighs_most() -> None:
    """For good weighs more than later; sooner more than for good."""
    day = Ending(Action.TRASH, DAY, (RuleName("a"),))
    assert effect_of(None, None) is None
    assert effect_of(day, Ending(Action.TRASH, DAY, (RuleName("b"),))) is None
    assert effect_of(None, day) is Effect.GOES
    assert effect_of(day, None) is Effect.STAYS
    assert effect_of(day, Ending(Action.DELETE, 2 * DAY, ())) is Effect.FOR_GOOD
    assert effect_of(day, Ending(Action.DELETE, 0, ())) is Effect.SOONER
    assert effect_of(Ending(Action.DELETE, DAY, ()), Ending(Action.TRASH, 2 * DAY, ())) is Effect.LATER
