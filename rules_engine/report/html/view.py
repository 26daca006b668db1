"""What the page says in words: the same phrases and amounts as the text of a plan."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from rules_engine.plan.model import Count, Header, RuleSummary, StepAction, Trailer
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.model import Action
from rules_engine.report.html.gather import Gathered
from rules_engine.report.words import amount, moment, name, no_file_goes, total
from rules_engine.values.quantities import (
    DAY,
    Instant,
    format_duration,
    format_instant,
    format_size,
    instant_to_datetime,
)
from rules_engine.values.text import escape, plural

DAYS_AHEAD: Final = 7
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ALSO: Final = (
    (StepAction.REMOVE_DIRECTORY, "removes {} that will be empty", "directory", "directories"),
    (StepAction.CREATE_DIRECTORY, "creates {}", "directory", "directories"),
    (StepAction.CREATE_LINK, "creates {}", "link", "links"),
    (StepAction.REMOVE_LINK, "removes {}", "link", "links"),
    (StepAction.RESTORE, "puts back {}", "file", "files"),
    (StepAction.EMPTY_TRASH, "empties the trash of {}", "run", "runs"),
)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule for people."""

    name: str
    action: str
    place: str
    decides: str
    waits: str
    held: str
    misses: tuple[str, ...]
    """Nearest first."""
    note: str
    idle: bool


@dataclass(frozen=True, slots=True)
class DayBox:
    """One day of the calendar."""

    weekday: str
    day: str
    text: str
    share: int
    """Of the fullest day, in percent."""


@dataclass(frozen=True)
class View:
    """A plan in the words of the page, section by section."""

    header: Header
    trailer: Trailer
    gathered: Gathered

    @cached_property
    def going(self) -> Count:
        """What goes."""
        return total(self.trailer.steps)

    @property
    def headline(self) -> str:
        """The answer in one line."""
        if not self.going.files:
            return no_file_goes(self.trailer)
        if self.trailer.refusals:
            return f"{plural(self.going.files, 'file')} would go, {format_size(self.going.bytes)}"
        return f"{plural(self.going.files, 'file goes', 'files go')}, {format_size(self.going.bytes)}"

    @property
    def refusals(self) -> list[str]:
        """Why the plan cannot be applied as it is."""
        return [escape(one) for one in self.trailer.refusals]

    @property
    def share(self) -> int | None:
        """How much of what was looked at goes, in percent; None where that says nothing."""
        seen = self.trailer.looked_at.bytes
        return 100 * self.going.bytes // seen if seen else None

    @property
    def seen(self) -> str:
        """What was looked at."""
        text = f"Looked at {amount(self.trailer.looked_at)}"
        if self.trailer.untracked.files:
            text += f"; {amount(self.trailer.untracked)}, have no owner"
        return f"{text}."

    @property
    def ways(self) -> list[tuple[str, str, str]]:
        """How it goes: the action, how much, and when its space is free."""
        notes = {StepAction.DELETE: "freed at once", StepAction.TRASH: "freed when the trash is emptied"}
        steps = self.trailer.steps
        return [
            (str(one), amount(steps[one]), note) for one, note in notes.items() if one in steps and steps[one].files
        ]

    @property
    def also(self) -> list[str]:
        """What happens besides files going."""
        found: list[str] = []
        for action, phrase, one, many in _ALSO:
            count = self.trailer.steps.get(action, Count())
            if count.files:
                size = f", {format_size(count.bytes)}" if count.bytes else ""
                found.append(phrase.format(plural(count.files, one, many)) + size)
        return found

    @property
    def deciding(self) -> list[tuple[str, str, str]]:
        """By which rules it goes, largest first: name, how much, place."""
        found = [one for one in self.trailer.rules if _removes(one) and one.decided.files]
        found.sort(key=lambda one: (-one.decided.bytes, one.name))
        return [(escape(one.name), amount(one.decided), _place(one)) for one in found]

    @property
    def next_due(self) -> str | None:
        """When the next file falls due, where nothing goes now."""
        waiting = [one.next_due for one in self.trailer.rules if one.next_due is not None and _removes(one)]
        return moment(min(waiting), self.header.now) if waiting and not self.going.files else None

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Root, time, policies, id."""
        header = self.header
        root = escape(header.root_id) if header.root_id else "not a root yet; run `rules init --root DIR` first"
        found = [
            ("as of", format_instant(header.now)),
            ("root id", root),
            ("policies", header.policies_digest[:12] or "none"),
            ("plan and run id", self.trailer.run_id or "not written yet"),
        ]
        if header.ask:
            asked = ", ".join(f"{escape(key)} {escape(value)}" for key, value in sorted(header.ask.items()))
            found.append(("asked for", asked))
        if header.limits.plan_age is not None:
            found.append(("can be applied for", format_duration(header.limits.plan_age)))
        return found

    @property
    def left_out(self) -> str | None:
        """What would go, had the plan not been narrowed."""
        return amount(self.trailer.left_out) if self.trailer.left_out.files else None

    @property
    def releases(self) -> list[tuple[str, str, str, str, bool]]:
        """Earlier keep rules that still protect what goes: name, how much, place, last run, and whether allowed."""
        return [
            (escape(one.name), amount(one.count), name(one.place), escape(one.run_id), one.allowed)
            for one in self.trailer.releases
        ]

    @property
    def deliverables(self) -> str | None:
        """How much of what goes are deliverables."""
        return amount(self.trailer.deliverables) if self.trailer.deliverables.files else None

    @property
    def pins(self) -> list[tuple[str, str, str, str]]:
        """Pins that hold: what, why, until when, and what they keep of this plan."""
        return [
            (
                name(one.what),
                escape(one.reason),
                "until it is taken away" if one.until is None else f"until {moment(one.until, self.header.now)}",
                amount(one.kept),
            )
            for one in self.trailer.pins
        ]

    @property
    def trash_stays(self) -> list[tuple[str, str]]:
        """Runs whose trash stays whatever its age, and why."""
        return [(escape(run), escape(why)) for run, why in self.trailer.trash.stays]

    @property
    def kept(self) -> list[tuple[str, str, list[tuple[str, str]]]]:
        """Why files stay, largest first: reason, how much, the largest."""
        ordered = sorted(self.trailer.kept, key=lambda one: (-one.total.bytes, -one.total.files, one.text))
        return [
            (escape(one.text), amount(one.total), [(format_size(size), name(path)) for size, path in one.largest])
            for one in ordered
        ]

    @property
    def kept_total(self) -> str:
        """All that is kept."""
        kept = self.trailer.kept
        return amount(Count(sum(one.total.files for one in kept), sum(one.total.bytes for one in kept)))

    @property
    def rules(self) -> list[RuleRow]:
        """All rules, also those with nothing to do."""
        return [_rule_row(one, self.header) for one in self.trailer.rules]

    @property
    def calendar(self) -> list[DayBox]:
        """Today and the next days, also those on which nothing falls due."""
        due = dict(self.trailer.due_by_day)
        most = max((one.bytes for one in due.values()), default=0)
        return [_day_box(self.header.now + ahead * DAY, due, most) for ahead in range(DAYS_AHEAD + 1)]

    @property
    def due_later(self) -> str | None:
        """What falls due after the days of the calendar."""
        return amount(self.trailer.due_later) if self.trailer.due_later.files else None

    @property
    def problems(self) -> list[tuple[str, str]]:
        """What could not be read, and why."""
        return [(name(path), escape(why)) for path, why in self.trailer.problems]

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """What was not looked at, and why."""
        return [(name(path), escape(why)) for path, why in self.trailer.skipped]


def _removes(rule: RuleSummary) -> bool:
    return rule.action is not Action.KEEP and not rule.report_only


def _place(rule: RuleSummary) -> str:
    return name(rule.place) if rule.place else "built in"


def _rule_row(rule: RuleSummary, header: Header) -> RuleRow:
    idle = not (rule.decided.files or rule.waiting.files or rule.held.files)
    due = f"; the next at {moment(rule.next_due, header.now)}" if rule.next_due is not None else ""
    ordered = sorted(rule.near_misses.items(), key=lambda one: (-one[1].files, one[0]))
    misses = tuple(f"{plural(count.files, 'file')} {escape(condition)}" for condition, count in ordered)
    return RuleRow(
        name=escape(rule.name),
        action=str(rule.action) + (" (report only)" if rule.report_only else ""),
        place=_place(rule),
        decides=amount(rule.decided) if rule.decided.files else "nothing",
        waits=f"{amount(rule.waiting)}{due}" if rule.waiting.files else "",
        held=amount(rule.held) if rule.held.files else "",
        misses=misses,
        note="acts only on temporary files that no rule of a policy selects" if rule.name == BUILT_IN else "",
        idle=idle,
    )


def _day_box(instant: int, due: dict[str, Count], most: int) -> DayBox:
    day = format_instant(instant)[:10]
    count = due.get(day, Count())
    text = amount(count) if count.files else "nothing"
    # Not `%a`: its words depend on where the page is made.
    weekday = _WEEKDAYS[instant_to_datetime(Instant(instant)).weekday()]
    return DayBox(weekday, day, text, 100 * count.bytes // most if most else 0)
