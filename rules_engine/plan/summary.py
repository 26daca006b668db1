"""What a plan adds up to: counts by rule, by reason and by day, kept while the decisions go by."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, assert_never

from rules_engine.inventory.model import FileFact, Inventory, PassedOver
from rules_engine.plan.counted import LARGEST_KEPT, Counted, the_largest
from rules_engine.plan.decide import Judged, would_go
from rules_engine.plan.decided import DecidedFiles
from rules_engine.plan.misses import near_miss
from rules_engine.plan.model import (
    Because,
    Count,
    Kept,
    KeptSummary,
    NotDue,
    PinSummary,
    Remove,
    RuleSummary,
    StepAction,
    Trailer,
)
from rules_engine.plan.pinned import pin_name
from rules_engine.plan.select import Miss, NotMatched, Verdict
from rules_engine.plan.staying import Staying
from rules_engine.plan.subject import Evidence
from rules_engine.plan.verdicts import Said
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.model import Action, PolicySet, Rule
from rules_engine.values.paths import ROOT, RelPath, sort_key
from rules_engine.values.quantities import DAY, Instant, format_instant
from rules_engine.values.text import plural
from rules_engine.values.vocabulary import RuleName

DAYS_AHEAD: Final = 7

_ORDER: Final = {miss: place for place, miss in enumerate(Miss)}
_GENERAL: Final = {
    Because.OWN_STATE: "state and policies of rules-engine",
    Because.PINNED: "pinned",
    Because.KEEP_MARKER: "a keep marker is above it",
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

    def __init__(self, policies: PolicySet, seen: Evidence, staying: Staying) -> None:
        self.trailer = Trailer()
        self.untracked_removals = Count()
        self._policies = policies
        self._seen = seen
        rules = {rule.name: _empty(rule) for rule in _all_rules(policies, seen)}
        self._counted = Counted(self.trailer, self.untracked_removals, rules, {}, {}, {})
        self._rules, self._kept = self._counted.rules, self._counted.kept
        self._days, self._nearness = self._counted.days, self._counted.nearness
        self.trailer.pins = [PinSummary(pin_name(pin), pin.reason, pin.until) for pin in seen.pinned.ordered()]
        self._pins = {pin.what: pin for pin in self.trailer.pins}
        self._said: dict[tuple[tuple[Said, ...], tuple[RuleName, ...]], Count] = {}
        self._staying = staying

    def count(self, group: DecidedFiles) -> None:
        """Count files of one directory that share a judgement."""
        some = self._count_looked_at(group.files, tracked=group.tracked)
        decision = group.judged.decision
        if not isinstance(decision, Remove):
            self._staying.add(group.files[0].directory, some)
        match decision:
            case Kept():
                self._count_kept(group.files, some, decision)
            case NotDue():
                self._count_waiting(group, some, decision)
            case Remove():
                self._count_removal(some, decision, tracked=group.tracked)
            case _:
                assert_never(decision)
        self._count_rules(some, group.judged)

    def _count_kept(self, files: Sequence[FileFact], some: Count, kept: Kept) -> None:
        group = kept.rules if kept.because in {Because.KEEP_RULE, Because.KEEP_RULE_CANNOT_TELL} else ()
        key = (kept.because, group)
        text = _GENERAL.get(kept.because, kept.text)
        summary = self._kept.setdefault(key, KeptSummary(kept.because, text))
        # One text stands for all of the group: the first in order, not the first that came.
        summary.text = min(summary.text, text)
        summary.total.add(some)
        keep_largest(summary.largest, files)
        for name in group:
            self._rules[name].decided.add(some)
        if kept.pin:
            self._pins[kept.pin].kept.add(some)

    def _count_waiting(self, group: DecidedFiles, some: Count, waiting: NotDue) -> None:
        ends = [waiting.until] if group.schedule is None else group.schedule.ends(group.files)
        first = Instant(min(ends))
        if len(ends) == 1 or self._is_later(first):
            self._count_day(first, some)
        else:
            for file, end in zip(group.files, ends, strict=True):
                self._count_day(end, Count(1, file.size or 0))
        for name in waiting.rules:
            rule = self._rules[name]
            rule.waiting.add(some)
            rule.next_due = first if rule.next_due is None else min(rule.next_due, first)

    def _count_day(self, until: int, some: Count) -> None:
        count = self.trailer.due_later if self._is_later(until) else self._days.setdefault(until // DAY, Count())
        count.add(some)

    def _is_later(self, until: int) -> bool:
        return until - self._seen.now > DAYS_AHEAD * DAY

    def _count_removal(self, some: Count, removal: Remove, *, tracked: bool) -> None:
        step = StepAction(removal.action.value)
        self.trailer.steps.setdefault(step.value, Count()).add(some)
        if removal.deliverable:
            self.trailer.deliverables.add(some)
        if not tracked:
            self.untracked_removals.add(some)
        for name in removal.rules:
            self._rules[name].decided.add(some)

    def leave_out(self, files: Sequence[FileFact], *, tracked: bool) -> None:
        """Count files of one directory that would go, had the plan not been narrowed to something else."""
        some = self._count_looked_at(files, tracked=tracked)
        self.trailer.left_out.add(some)
        self._staying.add(files[0].directory, some)

    def count_unit(self, removal: Remove, files: int) -> None:
        """Count a directory that goes whole and holds no file as one; what else goes whole counts by its files."""
        if not files:
            self._count_removal(Count(1), removal, tracked=True)

    def count_whole(self, group: DecidedFiles, removal: Remove) -> None:
        """Count files that go with the directory that they lie in, whatever was decided about them."""
        some = self._count_looked_at(group.files, tracked=group.tracked)
        deliverable = any(subject.deliverable for subject in group.judged.subjects)
        self._count_removal(some, replace(removal, deliverable=deliverable), tracked=group.tracked)

    def count_unit_that_stays(
        self, rules: Iterable[RuleName], some: Count, waiting: NotDue | None, *, falls_due: Count
    ) -> None:
        """Count for the rules of a unit what lies below it: what it waits for, or that it is held; None holds it.

        `falls_due` is what of it nothing else waits for.
        """
        if waiting is not None and falls_due.files:
            self._count_day(waiting.until, falls_due)
        for name in rules:
            rule = self._rules[name]
            (rule.held if waiting is None else rule.waiting).add(some)
            if waiting is not None:
                rule.next_due = waiting.until if rule.next_due is None else min(rule.next_due, waiting.until)

    def count_report_of_unit(self, name: RuleName, some: Count, *, goes: bool) -> None:
        """Count for a unit rule that only reports what lies below a directory that it selects."""
        (self._rules[name].decided if goes else self._rules[name].held).add(some)

    def count_empty(self, rules: Iterable[RuleName], answer: NotDue | Remove | None) -> None:
        """Count an empty directory for the rules that name it; None holds it."""
        for name in rules:
            if isinstance(answer, Remove):
                self._rules[name].decided.add(Count(1))
        if not isinstance(answer, Remove):
            self.count_unit_that_stays(rules, Count(1), answer, falls_due=Count(1))

    def _count_looked_at(self, files: Sequence[FileFact], *, tracked: bool) -> Count:
        some = count_of(files)
        self.trailer.looked_at.add(some)
        if not tracked:
            self.trailer.untracked.add(some)
        return some

    def count_directories(self, number: int) -> None:
        """Count directories that the plan removes."""
        self.trailer.steps.setdefault(StepAction.REMOVE_DIRECTORY.value, Count()).add(Count(number))

    def count_trash(self, size: int) -> None:
        """Count one run whose trash the plan empties."""
        self.trailer.steps.setdefault(StepAction.EMPTY_TRASH.value, Count()).add(Count(1, size))

    def _count_rules(self, some: Count, judged: Judged) -> None:
        deciding = () if isinstance(judged.decision, Kept) else judged.decision.rules
        # Added up by what was said, and told to each rule at the end: else a file would cost more with every rule.
        self._said.setdefault((judged.said, deciding), Count()).add(some)
        for rule in dict.fromkeys(rule for said in judged.said for rule, _ in said.reports):
            self._count_report(some, rule, judged)

    def _tell_rules(self) -> None:
        for (said, deciding), some in self._said.items():
            by_rule: dict[RuleName, tuple[Rule, list[Verdict]]] = {}
            for rule, verdict in (pair for one in said for pair in one.pairs):
                by_rule.setdefault(rule.name, (rule, []))[1].append(verdict)
            for rule, verdicts in by_rule.values():
                if all(isinstance(verdict, NotMatched) for verdict in verdicts):
                    self._count_near_miss(some, rule, verdicts)
                elif rule.is_removal and not rule.report_only and rule.name not in deciding:
                    self._rules[rule.name].held.add(some)

    def _count_near_miss(self, some: Count, rule: Rule, said: list[Verdict]) -> None:
        for verdict in said:
            if isinstance(verdict, NotMatched) and len(verdict.misses) == 1:
                text = near_miss(verdict.misses[0], rule)
                self._nearness[text] = _ORDER[verdict.misses[0]]
                self._rules[rule.name].near_misses.setdefault(text, Count()).add(some)
                return

    def _count_report(self, some: Count, rule: Rule, judged: Judged) -> None:
        if isinstance(judged.decision, Remove):
            return
        if would_go(judged, rule, self._policies, self._seen):
            self._rules[rule.name].decided.add(some)
        else:
            self._rules[rule.name].held.add(some)

    def counted(self) -> Counted:
        """What all that was counted here comes to, for who adds it to the rest; asked for once, at the end."""
        self._tell_rules()
        return self._counted

    def take(self, counted: Counted) -> None:
        """Add what was decided about a part of the tree elsewhere, but for what stays by directory."""
        self._counted.add(counted)

    def finish(self, inventory: Inventory) -> Trailer:
        """The trailer, once every file was counted: everything in it sorted."""
        trailer = self.trailer
        self._tell_rules()
        trailer.rules = sorted(self._rules.values(), key=lambda rule: (rule.name == BUILT_IN, rule.name))
        for rule in trailer.rules:
            rule.near_misses = dict(sorted(rule.near_misses.items(), key=lambda item: self._nearness[item[0]]))
        groups = sorted(self._kept.items(), key=lambda item: (-item[1].total.bytes, item[0]))
        trailer.kept = [kept for _, kept in groups]
        for kept in trailer.kept:
            kept.largest[:] = the_largest(kept.largest)
        trailer.due_by_day = [(format_instant(day * DAY)[:10], some) for day, some in sorted(self._days.items())]
        trailer.problems = sorted((one.path, one.why) for one in inventory.problems)
        trailer.skipped = [
            *_passed_over(inventory.passed_over),
            *sorted((one.path, one.why) for one in inventory.skipped),
        ]
        if not inventory.walked:
            trailer.skipped.append((RelPath(""), "untracked files: no removal rule is about them"))
        return trailer


def _passed_over(found: PassedOver) -> list[tuple[RelPath, str]]:
    """What rules cannot concern, as what was not looked at: only how many, for it is most of some trees."""
    counted = (
        (found.directories, "directory", "directories", " with all below: no removal rule can select anything there"),
        (found.files, "file", "files", " but for the name: nothing that a removal rule selects"),
    )
    return [(ROOT, f"{plural(count, one, many)}{why}") for count, one, many, why in counted if count]


def count_of(files: Sequence[FileFact]) -> Count:
    """How many files, and their bytes."""
    return Count(len(files), sum([file.size or 0 for file in files]))


def keep_largest(largest: list[tuple[int, RelPath]], files: Sequence[FileFact]) -> None:
    """Remember of `files`, all of one directory, those among the ten largest; of equal ones the first by path."""
    least = 0
    if len(largest) >= LARGEST_KEPT:
        smallest, path = largest[-1]
        # Directories come in order, so hardly ever is a file of just that size the first by path.
        least = smallest if sort_key(path) > sort_key(files[0].directory) else smallest + 1
    better = [(file.size or 0, file.path) for file in files if (file.size or 0) >= least]
    if better:
        largest[:] = the_largest([*largest, *better])


def _all_rules(policies: PolicySet, seen: Evidence) -> tuple[Rule, ...]:
    return policies.rules if seen.built_in is None else (*policies.rules, seen.built_in)


def _empty(rule: Rule) -> RuleSummary:
    place = f"{rule.span.file}:{rule.span.line}" if rule.span.file else ""
    directories = rule.directories is not None
    return RuleSummary(rule.name, Action(rule.action), place, rule.report_only, directories=directories)
