"""Two versions of policies over every kind of file that either can tell apart: what becomes of each, by both."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias, TypeVar

from msgspec import structs

from rules_engine.analysis.effects import REMOVING, Effect, Ending, effect_of
from rules_engine.analysis.fate import fate
from rules_engine.analysis.naming import Kind, Naming, deciding_patterns
from rules_engine.analysis.situation import Situation, Times
from rules_engine.analysis.situations import situations
from rules_engine.analysis.whole import taken_whole
from rules_engine.plan.model import Kept, Remove
from rules_engine.policy.budget import Budget, BudgetSpentError
from rules_engine.policy.digest import same_effect
from rules_engine.policy.model import Layout, PolicySet, Rule, Since
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import JobStatus, RuleName

_Name = TypeVar("_Name", bound=str)
_Said = TypeVar("_Said", Rule, Layout)
_OTHER_CLOCKS: Final = frozenset({Since.CHANGED, Since.WRITTEN})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a kind of file by one version."""

    ending: Ending | None
    """Its `since` is the age at which it goes; None where it stays."""
    rules: tuple[RuleName, ...] = ()
    """The rules that decide it."""
    why: str = ""
    """Why it stays."""
    held_by: tuple[RuleName, ...] = ()
    """The rules that keep it until that very moment."""
    deliverable: bool = False
    whole: bool = False
    """Whether it goes with its directory; what else lies in there can only hold that back."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Files with one change of their end: which, from what to what, and one of them."""

    effect: Effect
    kind: Kind
    before: Outcome
    after: Outcome
    witness: Situation
    """The one with the shortest path; the real decision was asked about this very file."""
    kinds: int
    """How many kinds of files have this change."""

    @property
    def path(self) -> RelPath:
        """The path of the witness."""
        return self.witness.path


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that a change of policies does, as far as the budget reached."""

    differences: tuple[Difference, ...]
    """In the order of a reviewer."""
    kinds: int
    """How many kinds of files were asked about; those that no changed rule selects are none of them."""
    markers: tuple[str, ...] = ()
    """Names of keep markers that protect no more."""
    unknown: str = ""
    """Why there may be more; empty where every kind was looked at."""

    @property
    def removes_more(self) -> bool:
        """Whether something can be removed that could not, or it is not known that nothing can."""
        return self.surely_removes_more or bool(self.unknown)

    @property
    def surely_removes_more(self) -> bool:
        """Whether something was found that can be removed and could not."""
        return bool(self.markers) or any(one.effect in REMOVING for one in self.differences)


def compare(old: PolicySet, new: PolicySet, budget: Budget) -> Comparison:
    """What the change from `old` to `new` does to every kind of file; `unknown` where the budget is spent before."""
    markers = tuple(sorted({*old.settings.keep_markers} - {*new.settings.keep_markers}))
    changed = _Changed.between(old, new)
    if not changed.anything:
        return Comparison((), 0, markers)
    groups = _Groups(_Version(old), _Version(new), changed)
    unknown = ""
    try:
        for situation in situations(groups.sets, budget, focus=changed.focus):
            groups.add(situation)
    except BudgetSpentError as err:
        unknown = str(err).split("\n", 1)[0]
    return Comparison(groups.differences(), groups.count, markers, unknown)


@dataclass(frozen=True, slots=True)
class _Changed:
    """What the versions do not share."""

    rules: frozenset[RuleName]
    frame: bool
    """Whether layouts or settings differ: then a file may end otherwise that no changed rule selects."""

    @classmethod
    def between(cls, old: PolicySet, new: PolicySet) -> "_Changed":
        rules = _differing({one.name: one for one in old.rules}, {one.name: one for one in new.rules})
        layouts = _differing({**old.layouts}, {**new.layouts})
        settings = [(one.settings.cleanup, one.settings.debug, one.built_in) for one in (old, new)]
        return cls(rules, bool(layouts) or settings[0] != settings[1])

    @property
    def anything(self) -> bool:
        return bool(self.rules) or self.frame

    @property
    def focus(self) -> Callable[[Rule], bool] | None:
        return None if self.frame else self._is_changed

    def _is_changed(self, rule: Rule) -> bool:
        return rule.name in self.rules


def _differing(old: Mapping[_Name, _Said], new: Mapping[_Name, _Said]) -> frozenset[_Name]:
    """The names under which two versions do not say the same."""
    return frozenset(
        name
        for name in {*old, *new}
        if (before := old.get(name)) is None or (after := new.get(name)) is None or not same_effect(before, after)
    )


class _Version:
    """One version, and what becomes of files by it."""

    def __init__(self, policies: PolicySet) -> None:
        self.policies = policies
        self._clocks = {rule.name for rule in policies.rules if rule.since in _OTHER_CLOCKS}

    def outcome(self, situation: Situation) -> Outcome:
        """What becomes of the file, by itself or, as early as it can be, with its directory."""
        alone = _alone(self.policies, situation)
        taken = taken_whole(self.policies, situation) if self.policies.unit_rules else None
        if taken is None or (alone.ending is not None and alone.ending.since <= taken.age):
            return alone
        removal = taken.removal
        ending = Ending(removal.action, taken.age, removal.rules)
        return Outcome(ending, removal.rules, deliverable=removal.deliverable, whole=True)

    def reads_other_clocks(self, names: frozenset[RuleName]) -> bool:
        """Whether one of these rules does not count from the end of a job."""
        return not self._clocks.isdisjoint(names)


def _alone(policies: PolicySet, situation: Situation) -> Outcome:
    found = fate(policies, situation)
    last = found.ending.decision
    if not isinstance(last, Remove):
        # The last stage holds for ever, so nothing waits in it.
        return Outcome(None, last.rules, last.text if isinstance(last, Kept) else last.waits_for)
    ending = Ending(last.action, found.ending.age, last.rules)
    before = found.stages[-2].decision if len(found.stages) > 1 else last
    held_by = before.rules if isinstance(before, Kept) else ()
    return Outcome(ending, last.rules, held_by=held_by, deliverable=last.deliverable)


_Key: TypeAlias = tuple[Effect, Outcome, Outcome, bool]


@dataclass(slots=True)
class _Group:
    """Situations with the same change."""

    situations: list[Situation] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)


class _Groups:
    """Situations whose file ends otherwise by the new version, by what changes."""

    def __init__(self, old: _Version, new: _Version, changed: _Changed) -> None:
        self._old, self._new, self._changed = old, new, changed
        self.sets = (old.policies, new.policies)
        self.count = 0
        self._groups: dict[_Key, _Group] = {}

    def add(self, situation: Situation) -> None:
        """Ask both versions about a situation; where rules read different clocks, about each order of its times."""
        self.count += 1
        found: set[_Key] = set()
        for one in self._with_times(situation):
            key = self._key(one)
            if key is not None and key not in found:
                found.add(key)
                group = self._groups.setdefault(key, _Group())
                group.situations.append(one)
                group.patterns += self._patterns(one, key)

    def _key(self, situation: Situation) -> _Key | None:
        """What changes for the file; None where nothing does."""
        before, after = self._old.outcome(situation), self._new.outcome(situation)
        effect = effect_of(before.ending, after.ending)
        return None if effect is None else (effect, before, after, situation.job is not None)

    def _with_times(self, situation: Situation) -> Iterator[Situation]:
        """The file with each of its times as the last one, where more than one of them can decide."""
        yield situation
        pairs = zip((self._old, self._new), situation.selecting, strict=True)
        shielded = situation.status is JobStatus.FAILED
        if shielded or any(version.reads_other_clocks(names) for version, names in pairs):
            yield from (situation.aged(one) for one in Times if one is not Times.TOGETHER)
            # A seal vouches for the file of a situation; of any other its ctime counts as well.
            copied = situation.aged(Times.CHANGED_LAST)
            yield replace(copied, file=structs.replace(copied.file, vouched=False))

    def _patterns(self, situation: Situation, key: _Key) -> Iterator[str]:
        """The patterns by which the file is one of those that the change is about."""
        _, before, after, _ = key
        # Of a rule in both versions the new one says what it is about now.
        for version, outcome in ((self._new, after), (self._old, before)):
            names = frozenset({*outcome.rules, *outcome.held_by})
            changed = names & self._changed.rules if self._changed.rules else names
            if changed:
                yield from deciding_patterns(version.policies, changed, situation.path)
                return

    def differences(self) -> tuple[Difference, ...]:
        """All of them, those first that a reviewer wants to know first."""
        naming = Naming(self.sets)
        order = [*Effect]
        found = [self._difference(key, group, naming) for key, group in self._groups.items()]
        return tuple(sorted(found, key=lambda one: (order.index(one.effect), _by_wait(one), one.path)))

    def _difference(self, key: _Key, group: _Group, naming: Naming) -> Difference:
        effect, before, after, _ = key
        kind = naming.kind(
            group.situations,
            group.patterns,
            lambda one: self._key(one) == key,
            final=before.deliverable or after.deliverable,
        )
        witness = min(group.situations, key=lambda one: (one.path.count("/"), len(one.path), one.path))
        return Difference(effect, kind, before, after, witness, len(group.situations))


def _by_wait(one: Difference) -> int:
    ending = one.after.ending or one.before.ending
    return ending.since if ending is not None else 0
