"""Every situation that policies tell apart, made before any file exists.

Policies tell files apart by finitely many things: which of their patterns select the path, which directories of
layouts it lies in, and what circumstances.py counts up. Of each combination that some file can have there is one
`Situation`, a real fact with a real job, and `fate` asks the real decision about it:

    for situation in situations([policies], Budget(200_000)):
        print(situation.path, situation.words, fate(policies, situation).ending)

With several policy sets a situation is one of all of them together; `focus` leaves out what no rule of interest
selects, and `lists` adds patterns that are told apart as well (`Situation.lists`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from rules_engine.analysis.circumstances import Bits, Circumstance, Circumstances, Standing
from rules_engine.analysis.homes import Home, names_line
from rules_engine.analysis.pathkinds import PathKind, path_kinds
from rules_engine.analysis.situation import Situation, fact_of
from rules_engine.policy.automaton import Automaton
from rules_engine.policy.automaton import Place as Inside
from rules_engine.policy.budget import Budget
from rules_engine.policy.gitignore import Line
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.policy.patterns import PatternList
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import Place

_Lines: TypeAlias = tuple[Line, ...]


def situations(
    policy_sets: Sequence[PolicySet],
    budget: Budget,
    *,
    lists: Sequence[PatternList] = (),
    focus: Callable[[Rule], bool] | None = None,
    together: bool = False,
) -> Iterator[Situation]:
    """One situation of each kind that the policies tell apart; with `focus`, only those that such a rule selects.

    With `together` every such rule has to select it.

    Raises:
        BudgetSpentError: when there are more states than the budget has; what came before it is no less true.
    """
    choices = Circumstances(policy_sets, budget, focus, together=together)
    yield from _World(policy_sets, lists, budget, choices).situations()


class _Lists(msgspec.Struct, frozen=True):
    """The numbers of the lists that say something of a rule or a layout."""

    match: int | None
    exclude: int | None


class _Known(msgspec.Struct, frozen=True):
    """What is known of a kind of path: of each circumstance the same."""

    kind: PathKind
    patterns: Bits
    """The rules whose patterns select it."""
    unowned: Bits
    """Those of them that select it where no job owns it."""
    standing: Standing
    """How it stands where no job owns it."""
    lists: frozenset[int]


class _Group(msgspec.Struct, frozen=True):
    """Circumstances that can have the same paths."""

    choices: tuple[Circumstance, ...]
    unowned: bool
    inside: frozenset[int]
    """The lists that have to select a path, and those that must not."""
    outside: frozenset[int]
    met: set[object]
    """What was told of paths that all of them were met with."""

    def has(self, known: _Known) -> bool:
        """Whether such files can have that path."""
        selected = known.kind.answer.selected
        return self.inside <= selected and self.outside.isdisjoint(selected)


class _World:
    """The lists of all policy sets as one automaton, and what each kind of path answers."""

    def __init__(
        self,
        policy_sets: Sequence[PolicySet],
        lists: Sequence[PatternList],
        budget: Budget,
        choices: Circumstances,
    ) -> None:
        self._sets = policy_sets
        self._budget = budget
        self._all = choices
        self._rules = choices.rules
        self._choices = list(self._all.all())
        self._asked = 0
        for one in self._choices:
            self._asked |= one.selecting
        self._numbers: dict[_Lines, int] = {}
        self._extra = tuple(self._number(one.lines) for one in lists)
        self._patterns = tuple(self._patterns_of(at, rule) for at, (_, rule) in enumerate(self._rules))
        self._layouts: tuple[tuple[int, int, int], ...] = ()
        if any(one.words is None for one in self._choices):
            self._layouts = tuple(self._layouts_of(one) for one in policy_sets)
        self._groups = self._grouped()
        self._automaton = Automaton(tuple(self._numbers))

    def _number(self, lines: _Lines) -> int:
        """The number of a list in the automaton; lists that say the same are one."""
        return self._numbers.setdefault(lines, len(self._numbers))

    def _patterns_of(self, at: int, rule: Rule) -> _Lists:
        match, exclude = rule.files.match, rule.files.exclude
        if not self._asked >> at & 1:
            return _Lists(None, None)
        return _Lists(
            None if match is None else self._number(match.lines),
            None if exclude is None else self._number(exclude.lines),
        )

    def _layouts_of(self, policies: PolicySet) -> tuple[int, int, int]:
        """The lists of what lies in any workspace, in any output, and has the name of a deliverable."""
        layouts = policies.layouts.values()
        workspaces = tuple(line for one in layouts for line in Home(one.workspace).lines)
        outputs = tuple(line for one in layouts for line in Home(one.output).lines)
        finals = [
            template
            for one in layouts
            for file_type, template in one.names
            if (holder := one.holder(file_type)) is None or holder.place is not Place.WORKSPACE
        ]
        names = tuple(line for line in map(names_line, finals) if line is not None)
        return self._number(workspaces), self._number(outputs), self._number(names)

    def _grouped(self) -> "tuple[_Group, ...]":
        """The circumstances, those together that can have the same paths."""
        groups: dict[object, list[Circumstance]] = {}
        for one in self._choices:
            groups.setdefault((one.words is None, one.home, one.outside), []).append(one)
        return tuple(self._group(some) for some in groups.values())

    def _group(self, some: Sequence[Circumstance]) -> "_Group":
        home, outside = some[0].home, some[0].outside
        inside = frozenset() if home is None else frozenset({self._number(home.lines)})
        others = () if home is None else home.others
        out = (*others, *(() if outside is None else (outside.lines,)))
        return _Group(
            tuple(some), some[0].words is None, inside, frozenset(self._number(lines) for lines in out), set()
        )

    def situations(self) -> Iterator[Situation]:
        """One situation of each kind, those with short paths first."""
        seen: set[object] = set()
        for kind in path_kinds(self._automaton, self._budget, self._is_worth_it):
            known = self._know(kind)
            for group in self._groups:
                if group.has(known):
                    yield from self._situations(group, known, seen)

    def _situations(self, group: "_Group", known: _Known, seen: set[object]) -> Iterator[Situation]:
        said = known.unowned if group.unowned else known.patterns
        told = (said, known.lists, known.standing if group.unowned else None)
        if told in group.met:
            return
        missing = False
        for choice in group.choices:
            selecting = choice.selecting & said
            key = (known.standing if group.unowned else choice.standing, selecting, known.lists)
            if key in seen or not self._all.matters(selecting):
                continue
            self._budget.spend()
            made = self._make(choice, known, selecting)
            missing |= made is None
            if made is not None:
                seen.add(key)
                yield made
        if not missing:
            group.met.add(told)

    def _is_worth_it(self, inside: Inside) -> bool:
        """Whether a rule of interest can select something in a directory, or below it."""
        focus = self._all.focus
        if focus is None:
            return True
        chances = (
            lists.match is None or lists.match in inside.may_select
            for at, lists in enumerate(self._patterns)
            if focus >> at & 1
        )
        return all(chances) if self._all.together else any(chances)

    def _know(self, kind: PathKind) -> _Known:
        selected = kind.answer.selected
        patterns = sum(
            1 << at
            for at, lists in enumerate(self._patterns)
            if (lists.match is None or lists.match in selected) and lists.exclude not in selected
        )
        places: list[Place | None] = []
        finals: list[bool] = []
        for workspaces, outputs, names in self._layouts:
            inside = Place.WORKSPACE if workspaces in selected else Place.OUTPUT if outputs in selected else None
            places.append(inside)
            finals.append(names in selected)
        unowned = (
            0
            if not self._layouts
            else sum(
                1 << at
                for at, (number, rule) in enumerate(self._rules)
                if patterns >> at & 1
                and rule.files.place in {None, places[number]}
                and (rule.deliverables or not rule.is_removal or not finals[number] or rule.unit is not None)
            )
        )
        return _Known(kind, patterns, unowned, Standing.of_nobody(places, finals), selected & {*self._extra})

    def _make(self, choice: Circumstance, known: _Known, selecting: Bits) -> Situation | None:
        path, words = known.kind.path, choice.words
        names = tuple(
            frozenset(
                rule.name for at, (owner, rule) in enumerate(self._rules) if selecting >> at & 1 and owner == number
            )
            for number in range(len(self._sets))
        )
        lists = frozenset(at for at, number in enumerate(self._extra) if number in known.lists)
        fact = fact_of(path, choice.size)
        if words is None:
            return Situation(fact, None, None, None, names, lists)
        spelled: tuple[RelPath | None, Mapping[str, str]] = (None, {})
        if choice.home is not None:
            spelled = choice.home.find(path) or spelled
        record = words.record(path, *spelled)
        if not words.holds(record, path):
            return None
        return Situation(fact, record, words.place, words.file_type, names, lists, choice.places)
