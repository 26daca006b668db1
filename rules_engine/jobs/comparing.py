"""Two versions of policies over one tree: what each file would become of, by the plans of both."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import nlargest
from typing import Final

from rules_engine.analysis.effects import REMOVING, Effect, Ending, effect_of
from rules_engine.filesystem.root import Root
from rules_engine.inventory.model import FileFact
from rules_engine.jobs.planning import survey
from rules_engine.plan.deciding import Watch
from rules_engine.plan.model import Count, Decision, Plan, Remove
from rules_engine.policy.model import Action, PolicySet
from rules_engine.values.clock import Clock
from rules_engine.values.paths import RelPath, join, sort_key
from rules_engine.values.quantities import DAY, FOREVER, Instant
from rules_engine.values.vocabulary import RuleName

FAR_AHEAD: Final = 36_500 * DAY
"""A file that does not go in a hundred years stays."""
_MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Example:
    """One file of a group, and when it goes by either version; None where it stays."""

    path: RelPath
    size: int
    before: Instant | None
    after: Instant | None


@dataclass(slots=True)
class Group:
    """Files with one effect, by the same rules in either version."""

    effect: Effect
    before: tuple[Action, tuple[RuleName, ...]] | None
    """The action and the rules by which they went; None where they stayed."""
    after: tuple[Action, tuple[RuleName, ...]] | None
    total: Count = field(default_factory=Count)
    due: Count = field(default_factory=Count)
    """Those that can go at this very moment by one version and not, or in another way, by the other."""
    examples: tuple[Example, ...] = ()
    """The largest."""


@dataclass(frozen=True, slots=True)
class TreeComparison:
    """What the change of policies does to the files of one tree, if no job starts, ends or writes meanwhile."""

    root: str
    now: Instant
    groups: tuple[Group, ...]
    """By effect in the order of a reviewer, then the most bytes first."""
    looked_at: Count
    """What the new version looked at."""
    unread: tuple[tuple[RelPath, str], ...]
    """What could not be read by either version, and why."""

    @property
    def removes_more(self) -> bool:
        """Whether a file can be removed that could not."""
        return any(group.effect in REMOVING for group in self.groups)


def compare_trees(old: PolicySet, new: PolicySet, root: Root, clock: Clock) -> TreeComparison:
    """What becomes of each file of `root` by both versions; both plans are of the same moment.

    Raises:
        UntrustedStateError: when the state below `.rules` cannot be read.
    """
    now = clock.now()
    before = _Endings(now)
    far = Instant(min(now + FAR_AHEAD, FOREVER - DAY))
    first = _go_through(old, root, clock, far, before.note)
    changes = _Changes(now, before)
    second = _go_through(new, root, clock, far, changes.note)
    changes.finish()
    unread = {path: why for plan in (first, second) for path, why in plan.trailer.problems}
    return TreeComparison(
        root.path,
        now,
        changes.groups(),
        second.trailer.looked_at,
        tuple(sorted(unread.items(), key=lambda one: sort_key(one[0]))),
    )


def _go_through(policies: PolicySet, root: Root, clock: Clock, far: Instant, watch: Watch) -> Plan:
    # The plan of a far day tells of each file since when it is due: its ages, keep rules with `for` and pins with an
    # end are all in there, as in a forecast.
    plan = survey(policies, root, clock).plan(far, watch=watch)
    for _ in plan.batches:
        pass
    return plan


class _Endings:
    """How the files of a tree go by one version; those that stay are not held, for they are the most."""

    def __init__(self, now: Instant) -> None:
        self._now = now
        self._found: dict[RelPath, dict[str, tuple[Ending, int]]] = {}
        self._shared: dict[Ending, Ending] = {}

    def note(self, file: FileFact, decision: Decision) -> None:
        ending = ending_of(decision, self._now)
        if ending is not None:
            shared = self._shared.setdefault(ending, ending)
            self._found.setdefault(file.directory, {})[file.name] = (shared, file.size or 0)

    def take(self, file: FileFact) -> Ending | None:
        """How `file` goes, which is not asked again."""
        names = self._found.get(file.directory)
        found = names.pop(file.name, None) if names is not None else None
        return found[0] if found is not None else None

    def left(self) -> Iterator[tuple[RelPath, Ending, int]]:
        """The files that were not asked for, with their sizes."""
        for directory, names in self._found.items():
            for name, (ending, size) in names.items():
                yield join(directory, name), ending, size


def ending_of(decision: Decision, now: Instant) -> Ending | None:
    """How a file goes that a plan of a far day decided so; None where it stays."""
    if not isinstance(decision, Remove):
        return None
    # What was due before goes now: nobody waited for the moments in between.
    return Ending(decision.action, max(decision.due, now), decision.rules)


class _Changes:
    """The files whose end is another one by the second version, added up."""

    def __init__(self, now: Instant, before: _Endings) -> None:
        self._now = now
        self._before = before
        self._groups: dict[tuple[object, ...], Group] = {}

    def note(self, file: FileFact, decision: Decision) -> None:
        self._add(file.path, file.size or 0, self._before.take(file), ending_of(decision, self._now))

    def finish(self) -> None:
        """What the second version did not even look at stays: no rule of it can select anything there."""
        for path, ending, size in self._before.left():
            self._add(path, size, ending, None)

    def _add(self, path: RelPath, size: int, before: Ending | None, after: Ending | None) -> None:
        effect = effect_of(before, after)
        if effect is None:
            return
        key = (effect, _by(before), _by(after))
        group = self._groups.setdefault(key, Group(effect, _by(before), _by(after)))
        group.total.add(Count(1, size))
        if self._now in (_since(before), _since(after)):
            group.due.add(Count(1, size))
        example = Example(path, size, _since(before), _since(after))
        group.examples = tuple(nlargest(_MOST, (*group.examples, example), key=_by_size))

    def groups(self) -> tuple[Group, ...]:
        """All of them in order."""
        order = [*Effect]
        return tuple(
            sorted(
                self._groups.values(),
                key=lambda one: (
                    order.index(one.effect),
                    -one.total.bytes,
                    -one.total.files,
                    str((one.before, one.after)),
                ),
            )
        )


def _by(ending: Ending | None) -> tuple[Action, tuple[RuleName, ...]] | None:
    return None if ending is None else (ending.action, ending.rules)


def _since(ending: Ending | None) -> Instant | None:
    return None if ending is None else Instant(ending.since)


def _by_size(example: Example) -> tuple[int, str]:
    return example.size, example.path
