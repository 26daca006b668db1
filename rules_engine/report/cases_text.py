"""Results of policy tests as text: failures first, as differences, then counts, then what the cases do not try out."""

from collections.abc import Iterator, Sequence
from typing import Final

from rules_engine.cases.comparing import CaseResult, Difference
from rules_engine.cases.coverage import RuleCoverage
from rules_engine.report.tables import align
from rules_engine.report.words import name
from rules_engine.values.text import escape, plural

_UNEXPECTED: Final = "nothing is expected of it, so it stays"


def cases_lines(results: Sequence[CaseResult], rules: Sequence[RuleCoverage], *, every_rule: bool) -> Iterator[str]:
    """Each failed case with what differs, then the counts, then the rules that miss something; `every_rule` is all."""
    for result in results:
        if not result.passed:
            yield f"{escape(str(result.case.span))}: failed: {escape(result.case.name)}"
            for one in result.differences:
                yield from difference_lines(one)
            yield ""
    failed = sum(1 for result in results if not result.passed)
    yield f"{plural(len(results), 'case')}: {len(results) - failed} passed, {failed} failed"
    yield from _coverage(rules, every_rule=every_rule)


def difference_lines(one: Difference) -> Iterator[str]:
    """One path: where something is expected of it, what, what is found instead, and what stands behind that."""
    yield f"  {name(one.path)} ({escape(one.span.file)}:{one.span.line})" if one.expected else f"  {name(one.path)}"
    yield f"  - {escape(one.expected) or _UNEXPECTED}"
    yield f"  + {escape(one.found)}"
    for line in one.evidence:
        yield f"      {escape(line)}"


def _coverage(rules: Sequence[RuleCoverage], *, every_rule: bool) -> Iterator[str]:
    whole = sum(1 for rule in rules if rule.is_whole)
    yield f"{plural(len(rules), 'rule')}: {whole} tried out both ways"
    shown = [rule for rule in rules if every_rule or not rule.is_whole]
    if shown:
        yield ""
        yield from align(
            [
                ("rule", "decided in", "held back in", ""),
                *(
                    (rule.name, plural(rule.decided, "case"), plural(rule.held_back, "case"), rule.place)
                    for rule in shown
                ),
            ]
        )
