"""Runs a case through the planner, and says what became of each path in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from rules_engine.cases.model import Case, Fate, Scene
from rules_engine.cases.stage import guards_of, inventory_of
from rules_engine.inventory.model import FileFact
from rules_engine.plan.decide import Judgement, judge
from rules_engine.plan.explain import Explanation, explain
from rules_engine.plan.given import Ask
from rules_engine.plan.model import Because, Decision, Kept, NotDue, Plan, Remove, StepAction
from rules_engine.plan.owners import OwnerIndex
from rules_engine.plan.planner import make_plan
from rules_engine.plan.ranks import with_ranks
from rules_engine.plan.subject import Evidence, gather_evidence
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.values.paths import RelPath, ancestors, join
from rules_engine.values.quantities import Instant, instant_from, instant_to_datetime
from rules_engine.values.vocabulary import RuleName

_MOMENT: Final = timedelta(microseconds=1)
GOES: Final = frozenset({Fate.DELETE, Fate.TRASH})


@dataclass(frozen=True, slots=True)
class Became:
    """What a plan makes of one path."""

    fate: Fate
    rules: tuple[RuleName, ...] = ()
    """Ordered by name: those that decide."""
    because: Because | None = None
    """Of a file that is kept: why."""
    text: str = ""
    """Of what is kept: why, for people."""
    until: Instant | None = None
    waits_for: str = ""
    unit: RelPath | None = None
    """Of a file that goes with a directory that goes whole: that directory."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One case as it was planned."""

    case: Case
    plan: Plan
    files: Mapping[RelPath, Became]
    """Every file of the case, in plan order."""
    units: Mapping[RelPath, Became]
    """Directories that go whole."""
    directories: Mapping[RelPath, Became]
    """Directories that go because they are empty."""
    would_go: Mapping[RelPath, tuple[RuleName, ...]]
    """What stays and rules that only report would take, where the case expects something of them."""
    due: Mapping[RelPath, Became]
    """Directories that stay, and go at the very moment at which the case expects them to."""

    def became(self, path: RelPath) -> Became:
        """What becomes of a path of the case: of a directory that no step removes, that it stays."""
        found = self.files.get(path) or self.units.get(path) or self.directories.get(path)
        unit = _above(path, self.units)
        if found is None and unit is not None:
            return replace(self.units[unit], unit=unit)
        return found or self.due.get(path) or Became(Fate.KEPT, text="the directory stays")


def run_case(case: Case, policies: PolicySet) -> Ran:
    """The plan of a case under these policies, and what becomes of its paths."""
    plan, decided = _plan(case.scene, policies)
    units, directories = _directories(plan)
    files = {file.path: replace(_became(one), unit=_above(file.path, units)) for file, one in decided}
    going = {path for path, one in files.items() if one.fate in GOES} | units.keys() | directories.keys()
    would_go = {path: rules for path, rules in _would_go(case, policies).items() if path not in going}
    return Ran(case, plan, files, units, directories, would_go, _due(case, policies))


def _directories(plan: Plan) -> tuple[dict[RelPath, Became], dict[RelPath, Became]]:
    """The directories that go whole, and those that go because they are empty."""
    units: dict[RelPath, Became] = {}
    empty: dict[RelPath, Became] = {}
    for batch in plan.batches:
        for path in (join(batch.directory, entry.name) for entry in batch.entries):
            if batch.reason == "unit":
                units[path] = Became(Fate(batch.action.value), batch.rules)
            elif batch.action is StepAction.REMOVE_DIRECTORY:
                empty[path] = Became(Fate.DELETE, batch.rules)
    return units, empty


def _due(case: Case, policies: PolicySet) -> dict[RelPath, Became]:
    """Directories that a case expects to go later, and that do: at that moment, and not before it."""
    files = {file.path for file in case.scene.files}
    found: dict[RelPath, Became] = {}
    for one in case.expected:
        if one.fate is Fate.DUE and one.at is not None and one.path not in files:
            moment = instant_to_datetime(one.at)
            then, before = (_going_at(case.scene, policies, now) for now in (moment, moment - _MOMENT))
            if one.path in then and one.path not in before:
                found[one.path] = Became(Fate.DUE, until=one.at)
    return found


def _going_at(scene: Scene, policies: PolicySet, now: datetime) -> frozenset[RelPath]:
    units, empty = _directories(_plan(replace(scene, now=now), policies)[0])
    return frozenset({*units, *empty})


def _plan(scene: Scene, policies: PolicySet) -> tuple[Plan, list[tuple[FileFact, Decision]]]:
    decided: list[tuple[FileFact, Decision]] = []
    plan = make_plan(
        policies,
        scene.jobs,
        inventory_of(scene, policies),
        guards_of(scene),
        now=scene.now,
        ask=Ask(),
        watch=lambda file, decision: decided.append((file, decision)),
    )
    return plan.collected(), decided


def _became(decision: Decision) -> Became:
    if isinstance(decision, Kept):
        return Became(Fate.KEPT, decision.rules, decision.because, decision.text)
    if isinstance(decision, NotDue):
        return Became(Fate.DUE, decision.rules, until=decision.until, waits_for=decision.waits_for)
    return Became(Fate(decision.action.value), decision.rules)


def _above(path: RelPath, units: Iterable[RelPath]) -> RelPath | None:
    return next((one for one in ancestors(path) if one in frozenset(units)), None)


def _would_go(case: Case, policies: PolicySet) -> dict[RelPath, tuple[RuleName, ...]]:
    """What each rule that only reports takes in the plan in which it alone takes part besides all that do."""
    if not any(one.fate is Fate.WOULD_GO for one in case.expected):
        return {}
    found: dict[RelPath, tuple[RuleName, ...]] = {}
    for name in (rule.name for rule in policies.rules if rule.report_only):
        rules = tuple(replace(one, report_only=one.report_only and one.name != name) for one in policies.rules)
        plan, decided = _plan(case.scene, replace(policies, rules=rules))
        paths = {file.path for file, one in decided if isinstance(one, Remove) and name in one.rules}
        paths |= {
            join(batch.directory, entry.name)
            for batch in plan.batches
            if name in batch.rules
            for entry in batch.entries
        }
        found |= {path: (*found.get(path, ()), name) for path in paths}
    return found


class Witness:
    """Says what stands behind the decisions of one case: the same judgement that its plan was made from."""

    def __init__(self, case: Case, policies: PolicySet) -> None:
        scene = case.scene
        inventory = inventory_of(scene, policies)
        seen = gather_evidence(
            policies, scene.jobs, guards_of(scene), now=instant_from(scene.now), marked=inventory.marked
        )
        self._seen: Evidence = with_ranks(seen, policies, inventory.look_at)
        self._policies = policies
        self._owners = OwnerIndex(scene.jobs)
        self._files = {file.path: file for file in scene.files}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that decide about files, in the order of verdicts."""
        return self._seen.file_rules

    def judgement(self, path: RelPath) -> Judgement:
        """What each rule says of a file of the case."""
        file = self._files[path]
        return judge(file, self._owners.of_directory(file.directory).of(file), self._policies, self._seen)

    def explanation(self, path: RelPath) -> Explanation | None:
        """Everything behind the decision about a file of the case; None of a directory."""
        file = self._files.get(path)
        if file is None:
            return None
        return explain(file, self._owners.of_directory(file.directory).of(file), self._policies, self._seen)
