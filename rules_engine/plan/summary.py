"""What a plan adds up to: counts by rule, by reason and by day, kept while the decisions go by."""

import heapq
from typing import Final

from rules_engine.inventory.model import FileFact, Inventory
from rules_engine.plan.decide import Judgement, would_go
from rules_engine.plan.model import (
    BUILT_IN,
    Because,
    Count,
    Kept,
    KeptSummary,
    NotDue,
    Remove,
    RuleSummary,
    StepAction,
    Trailer,
)
from rules_engine.plan.select import Miss, NotMatched, Verdict
from rules_engine.plan.subject import Evidence
from rules_engine.policy.model import Action, PolicySet, Rule
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, format_instant
from rules_engine.values.vocabulary import RuleName

DAYS_AHEAD: Final = 7
LARGEST_KEPT: Final = 10

_ORDER: Final = {miss: place for place, miss in enumerate(Miss)}
_GENERAL: Final = {
    Because.OWN_STATE: "state and policies of rules-engine",
    Because.SPECIAL_NAME: "a name that no rule reaches",
    Because.NOT_A_FILE: "not a regular file or link",
    Because.LAYOUT_LINK: "a status link or alias of a job",
    Because.JOB_RUNNING: "its job is running",
    Because.JOB_UNTRUSTED: "the manifest of its job is damaged",
    Because.NO_LAYOUT: "no layout has the type of its job",
    Because.DAMAGED_MANIFEST: "a damaged manifest may name it",
    Because.CLEANUP_OFF: "cleanup is off",
    Because.JOB_POLICY: "the job's own policy keeps it",
    Because.FILE_TYPE_NOT_CLEANED: "`cleanup.file_types` leaves its type out",
    Because.NO_RULE: "no rule selects it",
    Because.UNKNOWN: "unknown",
    Because.NEVER_DUE: "never due",
}


class Summary:
    """Counts every decision into a trailer."""

    def __init__(self, policies: PolicySet, seen: Evidence) -> None:
        self.trailer = Trailer()
        self._policies = policies
        self._seen = seen
        self._rules = {rule.name: _empty(rule) for rule in (*policies.rules, seen.built_in)}
        self._kept: dict[tuple[Because, tuple[RuleName, ...]], KeptSummary] = {}
        self._days: dict[str, Count] = {}

    def count(self, file: FileFact, judged: Judgement, *, tracked: bool) -> None:
        """Count one file and what was decided for it."""
        self.trailer.looked_at.add(file.size)
        if not tracked:
            self.trailer.untracked.add(file.size)
        decision = judged.decision
        match decision:
            case Kept():
                self._count_kept(file, decision)
            case NotDue():
                self._count_waiting(file, decision)
            case Remove():
                self._count_removal(file, decision)
        self._count_rules(file, judged)

    def _count_kept(self, file: FileFact, kept: Kept) -> None:
        group = kept.rules if kept.because in {Because.KEEP_RULE, Because.KEEP_RULE_CANNOT_TELL} else ()
        key = (kept.because, group)
        if key not in self._kept:
            self._kept[key] = KeptSummary(kept.because, _GENERAL.get(kept.because, kept.text))
        summary = self._kept[key]
        summary.total.add(file.size)
        keep_largest(summary.largest, file)
        for name in group:
            self._rules[name].decided.add(file.size)

    def _count_waiting(self, file: FileFact, waiting: NotDue) -> None:
        ahead = waiting.until - self._seen.now
        if ahead <= DAYS_AHEAD * DAY:
            day = format_instant(waiting.until)[:10]
            self._days.setdefault(day, Count()).add(file.size)
        else:
            self.trailer.due_later.add(file.size)
        for name in waiting.rules:
            rule = self._rules[name]
            rule.waiting.add(file.size)
            rule.next_due = waiting.until if rule.next_due is None else min(rule.next_due, waiting.until)

    def _count_removal(self, file: FileFact, removal: Remove) -> None:
        step = StepAction(removal.action.value)
        self.trailer.steps.setdefault(step.value, Count()).add(file.size)
        if removal.deliverable:
            self.trailer.deliverables.add(file.size)
        for name in removal.rules:
            self._rules[name].decided.add(file.size)

    def count_directory(self) -> None:
        """Count one directory that the plan removes."""
        self.trailer.steps.setdefault(StepAction.REMOVE_DIRECTORY.value, Count()).add(0)

    def _count_rules(self, file: FileFact, judged: Judgement) -> None:
        deciding = () if isinstance(judged.decision, Kept) else judged.decision.rules
        for place, rule in enumerate(self._policies.rules):
            said = [verdicts[place] for verdicts in judged.verdicts]
            if not said:
                return
            if all(isinstance(verdict, NotMatched) for verdict in said):
                self._count_near_miss(file, rule, said)
            elif rule.report_only:
                self._count_report(file, rule, judged)
            elif rule.is_removal and rule.name not in deciding:
                self._rules[rule.name].held.add(file.size)

    def _count_near_miss(self, file: FileFact, rule: Rule, said: list[Verdict]) -> None:
        for verdict in said:
            if isinstance(verdict, NotMatched) and len(verdict.misses) == 1 and verdict.misses[0] is not Miss.PATTERN:
                misses = self._rules[rule.name].near_misses
                misses.setdefault(verdict.misses[0].value, Count()).add(file.size)
                return

    def _count_report(self, file: FileFact, rule: Rule, judged: Judgement) -> None:
        if isinstance(judged.decision, Remove):
            return
        if would_go(judged, rule, self._policies, self._seen):
            self._rules[rule.name].decided.add(file.size)
        else:
            self._rules[rule.name].held.add(file.size)

    def finish(self, inventory: Inventory) -> Trailer:
        """The trailer, once every file was counted: everything in it sorted."""
        trailer = self.trailer
        trailer.rules = sorted(self._rules.values(), key=lambda rule: (rule.name == BUILT_IN, rule.name))
        for rule in trailer.rules:
            rule.near_misses = dict(sorted(rule.near_misses.items(), key=lambda item: _ORDER[Miss(item[0])]))
        trailer.kept = sorted(self._kept.values(), key=lambda kept: (-kept.total.bytes, kept.because, kept.text))
        for kept in trailer.kept:
            kept.largest.sort(key=lambda one: (-one[0], one[1]))
        trailer.due_by_day = sorted(self._days.items())
        trailer.problems = sorted((one.path, one.why) for one in inventory.problems)
        trailer.skipped = sorted((one.path, one.why) for one in inventory.skipped)
        if not inventory.walked:
            trailer.skipped.append((RelPath(""), "untracked files: no removal rule is about them"))
        return trailer


def keep_largest(largest: list[tuple[int, RelPath]], file: FileFact) -> None:
    """Remember `file` if it is one of the ten largest; of equal ones the first by path."""
    size = file.size or 0
    if len(largest) < LARGEST_KEPT:
        largest.append((size, file.path))
    elif size > min(one[0] for one in largest):
        largest.append((size, file.path))
        largest[:] = heapq.nsmallest(LARGEST_KEPT, largest, key=lambda one: (-one[0], one[1]))


def _empty(rule: Rule) -> RuleSummary:
    place = f"{rule.span.file}:{rule.span.line}" if rule.span.file else ""
    return RuleSummary(rule.name, Action(rule.action), place, rule.report_only)
