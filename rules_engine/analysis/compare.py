"""Two versions of policies over every kind of file that either can tell apart: what becomes of each, by both."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from rules_engine.analysis.changed import Changed, Together
from rules_engine.analysis.effects import LOSING, REMOVING, Effect, effect_of
from rules_engine.analysis.naming import Kind, Naming, Selected, deciding_patterns
from rules_engine.analysis.outcomes import Outcome, Version, with_times
from rules_engine.analysis.situation import Situation
from rules_engine.analysis.situations import situations
from rules_engine.policy.budget import Budget, BudgetSpentError
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import JobType, RuleName


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
    changed = Changed(old, new)
    groups = _Groups(Version(old), Version(new), changed)
    unknown = ""
    try:
        for one in changed.together():
            _look_at(one, groups, budget)
    except BudgetSpentError as err:
        unknown = str(err).split("\n", 1)[0]
    return Comparison(groups.differences(), groups.count, markers, unknown)


def _look_at(some: Together, groups: "_Groups", budget: Budget) -> None:
    """Ask about each kind of file that these rules tell apart, and take in the rules that are in the way."""
    relevant = some.rules
    while True:
        named = set[RuleName]()
        sets = [_only(one.policies, relevant, some.layouts) for one in groups.versions]
        for situation in situations(sets, budget, focus=_selected_by(some.focus)):
            named |= groups.add(situation)
        if named <= relevant:
            return
        relevant |= named


def _only(policies: PolicySet, names: frozenset[RuleName], types: frozenset[JobType] | None) -> PolicySet:
    layouts = {name: one for name, one in policies.layouts.items() if types is None or name in types}
    return replace(policies, rules=tuple(rule for rule in policies.rules if rule.name in names), layouts=layouts)


def _selected_by(names: frozenset[RuleName] | None) -> Callable[[Rule], bool] | None:
    return None if names is None else lambda rule: rule.name in names


_Key: TypeAlias = tuple[Effect, Outcome, Outcome, bool]


@dataclass(slots=True)
class _Group:
    """Situations with the same change."""

    situations: list[Situation] = field(default_factory=list)
    patterns: list[Selected] = field(default_factory=list)


class _Groups:
    """Situations whose file ends otherwise by the new version, by what changes."""

    def __init__(self, old: Version, new: Version, changed: Changed) -> None:
        self.versions = (old, new)
        self._changed = changed
        self._groups: dict[_Key, _Group] = {}
        self._asked: dict[object, frozenset[RuleName]] = {}
        self._rules = frozenset(changed.every)

    @property
    def count(self) -> int:
        """How many kinds of files were asked about."""
        return len(self._asked)

    def add(self, situation: Situation) -> frozenset[RuleName]:
        """Ask both versions about a situation, once; returns the rules that the decisions named."""
        known = _file_and_job(situation)
        if known not in self._asked:
            self._asked[known] = self._ask(situation) & self._rules
        return self._asked[known]

    def _ask(self, situation: Situation) -> frozenset[RuleName]:
        found, named = set[Effect](), frozenset[RuleName]()
        for one in with_times(situation, self.versions):
            pairs = self._pairs(one)
            named |= {name for pair in pairs for outcome in pair for name in outcome.named}
            for key in _keys(pairs, one):
                # One order of its times is enough to see an effect; the first has them all at once.
                if key[0] not in found:
                    found.add(key[0])
                    group = self._groups.setdefault(key, _Group())
                    group.situations.append(one)
                    group.patterns.append(self._patterns(one, key))
        return named

    def _pairs(self, situation: Situation) -> tuple[tuple[Outcome, Outcome], ...]:
        """What becomes of the file by both versions; and where something else holds its directory back by both."""
        old, new = (one.outcomes(situation) for one in self.versions)
        return tuple(zip(old, new, strict=True))

    def _patterns(self, situation: Situation, key: _Key) -> Selected:
        """The patterns by which the file is one of those that the change is about."""
        _, before, after, _ = key
        old, new = (one.policies for one in self.versions)
        # Of a rule in both versions the new one says what it is about now.
        for policies, other, outcome in ((new, old, after), (old, new, before)):
            names = frozenset({*outcome.rules, *outcome.held_by})
            changed = names & self._changed.rules if self._changed.rules else names
            if changed:
                return deciding_patterns(policies, other, changed, situation.path)
        return ()

    def differences(self) -> tuple[Difference, ...]:
        """All of them, those first that a reviewer wants to know first."""
        naming = Naming([one.policies for one in self.versions])
        order = [*Effect]
        found = [self._difference(key, group, naming) for key, group in self._groups.items()]
        return tuple(sorted(found, key=lambda one: (order.index(one.effect), _by_wait(one), one.path)))

    def _difference(self, key: _Key, group: _Group, naming: Naming) -> Difference:
        effect, before, after, _ = key
        kind = naming.kind(
            group.situations,
            group.patterns,
            lambda one: key in _keys(self._pairs(one), one),
            final=before.deliverable or after.deliverable,
        )
        witness = min(group.situations, key=lambda one: (one.path.count("/"), len(one.path), one.path))
        return Difference(effect, kind, before, after, witness, len(group.situations))


def _keys(pairs: Iterable[tuple[Outcome, Outcome]], situation: Situation) -> Iterator[_Key]:
    """What changes for the file; what changes where its directory is held back, only where that loses more."""
    for before, after in pairs:
        key = _key(before, after, situation)
        is_as_early_as_it_can = not (before.held_back or after.held_back)
        if key is not None and (is_as_early_as_it_can or key[0] in LOSING):
            yield key


def _key(before: Outcome, after: Outcome, situation: Situation) -> _Key | None:
    """What changes for the file; None where nothing does."""
    effect = effect_of(before.ending, after.ending)
    return None if effect is None else (effect, before, after, situation.job is not None)


def _file_and_job(situation: Situation) -> object:
    """All of a situation that a decision can depend on."""
    job = situation.job
    about = None if job is None else (job.job_type, job.status, tuple(sorted(job.parameters.items())), job.workspace)
    return situation.path, situation.file.size, situation.file_type, about, situation.places


def _by_wait(one: Difference) -> int:
    ending = one.after.ending or one.before.ending
    return ending.since if ending is not None else 0
