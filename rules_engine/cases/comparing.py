"""What a case expects beside what its plan says, both ways: nothing goes unexpectedly, nothing is expected in vain."""

from collections.abc import Iterable
from dataclasses import dataclass

from rules_engine.cases.model import Case, Expectation, Fate
from rules_engine.cases.moments import format_moment
from rules_engine.cases.running import GOES, Became, Ran, Witness, run_case
from rules_engine.plan.model import Because
from rules_engine.policy.model import PolicySet
from rules_engine.values.diagnostics import Span
from rules_engine.values.paths import RelPath, is_below
from rules_engine.values.quantities import Instant, instant_from
from rules_engine.values.vocabulary import RuleName


@dataclass(frozen=True, slots=True)
class Difference:
    """One path of which a case expects something else than what is decided."""

    path: RelPath
    span: Span
    """Where the expectation is written; of something that goes unexpectedly, where the case is."""
    expected: str
    """Empty where nothing goes by the case, and this does."""
    found: str
    evidence: tuple[str, ...]
    """What was seen of the file and its jobs, and what the deciding rules say, a line each."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case, run and compared."""

    case: Case
    ran: Ran
    differences: tuple[Difference, ...]
    """Ordered as the expectations, then what goes unexpectedly in plan order."""

    @property
    def passed(self) -> bool:
        """Whether everything is as expected."""
        return not self.differences


def try_case(case: Case, policies: PolicySet) -> CaseResult:
    """What a case finds under these policies."""
    ran = run_case(case, policies)
    witness = Witness(case, policies)
    now = instant_from(case.scene.now)
    wrong = [(one.path, one.span, _said(one, now)) for one in case.expected if not _holds(one, ran)]
    wrong += [(path, case.span, "") for path in _unexpected(ran)]
    places = {rule.name: f"{rule.span.file}:{rule.span.line}" for rule in policies.rules}
    found = (
        Difference(path, span, expected, _shown(ran, path, now), _evidence(witness, ran, path, places))
        for path, span, expected in wrong
    )
    return CaseResult(case, ran, tuple(found))


def _holds(expected: Expectation, ran: Ran) -> bool:
    if expected.fate is Fate.WOULD_GO:
        rules = ran.would_go.get(expected.path, ())
        return bool(rules) and expected.rules in {(), tuple(sorted(rules))}
    found = ran.became(expected.path)
    if found.fate is not expected.fate:
        return False
    return (
        expected.rules in {(), found.rules}
        and expected.because in {None, found.because}
        and expected.at in {None, found.until}
        and expected.waits_for in {"", found.waits_for, _bare(found.waits_for)}
    )


def _bare(waits_for: str) -> str:
    """The name alone of a rule that something waits for."""
    return waits_for.removeprefix("rule `").removesuffix("`")


def _unexpected(ran: Ran) -> Iterable[RelPath]:
    """What goes and is not named: a directory that goes whole once, instead of all that lies in it."""
    named = {one.path for one in ran.case.expected}
    for path in ran.units:
        inside = [file for file in ran.files if is_below(file, path)]
        if path not in named and not (inside and named.issuperset(inside)):
            yield path
    for path, found in ran.files.items():
        if found.fate in GOES and found.unit is None and path not in named:
            yield path
    # A directory that the plan itself empties goes with what was in it, and needs no word of its own.
    for path in ran.directories:
        if path in ran.case.scene.directories and path not in named:
            yield path


def _said(expected: Expectation, now: Instant) -> str:
    by = f" by {_quoted(expected.rules)}" if expected.rules else ""
    if expected.fate is Fate.DUE:
        at = f" {format_moment(expected.at, now)}" if expected.at is not None else " later"
        return f"due{at}" + (f", waits for {expected.waits_for}" if expected.waits_for else "")
    if expected.because is not None:
        return f"kept: {expected.because.value}"
    return f"{'would go' if expected.fate is Fate.WOULD_GO else expected.fate.value}{by}"


def _shown(ran: Ran, path: RelPath, now: Instant) -> str:
    shown = _fate_text(ran.became(path), now)
    rules = ran.would_go.get(path, ())
    return f"{shown}; would go by {_quoted(rules)}" if rules else shown


def _fate_text(found: Became, now: Instant) -> str:
    if found.fate is Fate.DUE and found.until is not None:
        return f"due {format_moment(found.until, now)}, waits for {found.waits_for}"
    if found.fate is Fate.KEPT:
        reason = f"{found.because.value}: " if found.because not in {None, Because.KEEP_RULE} else ""
        return f"kept: {reason}{found.text}"
    whole = f", with all of `{found.unit}`" if found.unit is not None else ""
    return f"{found.fate.value} by {_quoted(found.rules)}{whole}"


def _quoted(rules: Iterable[RuleName]) -> str:
    return ", ".join(f"`{name}`" for name in rules)


def _evidence(witness: Witness, ran: Ran, path: RelPath, places: dict[RuleName, str]) -> tuple[str, ...]:
    """What was seen, and where each deciding rule stands with what it says."""
    lines: list[str] = []
    explanation = witness.explanation(path)
    if explanation is None:
        lines += [f"rule `{name}` ({places[name]})" for name in ran.became(path).rules if name in places]
        return (*lines, *(why for one, why in ran.plan.trailer.units_kept if one == path))
    for owner in explanation.owners:
        lines += owner.facts
        for rule in owner.rules:
            if rule.decides:
                said = f": {'; '.join(rule.lines)}" if rule.lines else ""
                lines.append(f"rule `{rule.rule}`{f' ({rule.place})' if rule.place else ''}{said}")
    return tuple(lines)
