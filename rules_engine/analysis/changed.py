"""What two versions do not share, and which rules have to be looked at together to see all that it does.

Beside one file the decision is a matter of maxima: of the rules that select it the last one decides when it goes.
Should it end otherwise by another version, there is a rule for which it stayed so long by the one, and a rule by
which it goes by the other; and a file that these two select ends otherwise too. So it is enough to look at rules two
by two, one of them changed; where layouts differ, at any two. Where a decision names a further rule that selects the
file as well, that one is taken in (`compare.py`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from typing import TypeVar

from rules_engine.policy.digest import same_effect
from rules_engine.policy.model import Layout, PolicySet, Rule, Tracked
from rules_engine.policy.reach import may_share
from rules_engine.values.vocabulary import JobType, RuleName

_Name = TypeVar("_Name", bound=str)
_Said = TypeVar("_Said", Rule, Layout)


@dataclass(frozen=True, slots=True)
class Together:
    """Rules that are looked at together."""

    rules: frozenset[RuleName]
    focus: frozenset[RuleName] | None
    """Only files that one of these selects; None is any file."""
    layouts: frozenset[JobType] | None = None
    """Only jobs with one of these layouts; None is any job."""


class Changed:
    """What two versions do not share."""

    def __init__(self, old: PolicySet, new: PolicySet) -> None:
        self._versions = (old, new)
        self._named: tuple[Mapping[RuleName, Rule], ...] = tuple(
            {rule.name: rule for rule in one.rules} for one in self._versions
        )
        self.rules = _differing(*self._named)
        self.every = tuple(sorted({name for named in self._named for name in named}))
        """The rules of both versions, ordered by name."""
        self._layouts = _differing(old.layouts, new.layouts)
        settings = [(one.settings.cleanup, one.settings.debug, one.built_in) for one in self._versions]
        self._settings = settings[0] != settings[1]

    def together(self) -> Iterator[Together]:
        """What has to be looked at; nothing where the versions agree."""
        if self._layouts or self._settings:
            yield Together(frozenset(), None, self._concerned)
            yield from (Together(frozenset({name}), frozenset({name}), self._concerned) for name in self.every)
        if self._layouts:
            yield from (Together(two, two, self._layouts) for two in self._of_any_layout())
        for name in sorted(self.rules):
            yield Together(frozenset({name}), frozenset({name}))
            others = (other for other in self.every if other not in self.rules or other > name)
            yield from (
                Together(frozenset({name, other}), frozenset({name}))
                for other in others
                if self._may_share(name, other)
            )

    @property
    def _concerned(self) -> frozenset[JobType] | None:
        """Settings concern any job, a layout the jobs of its type."""
        return None if self._settings else self._layouts

    def _of_any_layout(self) -> Iterator[frozenset[RuleName]]:
        """Rules two by two: a layout says of a file where it lies and what it is, so that any of them may select it."""
        relaid = all(name in one.layouts for one in self._versions for name in self._layouts)
        # Where a layout came or went, files of its jobs go by one version alone; files without an owner by either.
        about = self.every if relaid else tuple(name for name in self.every if self._reaches_untracked(name))
        yield from (frozenset(two) for two in combinations(about, 2) if self._may_share(*two))

    def _reaches_untracked(self, name: RuleName) -> bool:
        return any(rule.files.tracked is not Tracked.TRACKED for rule in self._rules(name))

    def _may_share(self, one: RuleName, other: RuleName) -> bool:
        """Whether some file may be selected by both, each as one of the versions says it."""
        if self._layouts:
            # It may lie in a workspace by the one and in an output by the other.
            return True
        pairs = list(product(self._rules(one), self._rules(other)))
        return any(may_share(*pair, version) for version in self._versions for pair in pairs)

    def _rules(self, name: RuleName) -> tuple[Rule, ...]:
        found = (named.get(name) for named in self._named)
        return tuple(rule for rule in found if rule is not None)


def _differing(old: Mapping[_Name, _Said], new: Mapping[_Name, _Said]) -> frozenset[_Name]:
    """The names under which two versions do not say the same."""
    return frozenset(
        name
        for name in {*old, *new}
        if (before := old.get(name)) is None or (after := new.get(name)) is None or not same_effect(before, after)
    )
