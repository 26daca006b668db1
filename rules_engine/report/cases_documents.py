"""Results of policy tests for other programs: the JSON document of kind `test`, and JUnit XML."""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape as xml_escape
from xml.sax.saxutils import quoteattr

from rules_engine.cases.comparing import CaseResult
from rules_engine.cases.coverage import RuleCoverage
from rules_engine.report.cases_text import difference_lines
from rules_engine.report.documents import Json, document, path_json
from rules_engine.report.settings_text import place_json
from rules_engine.values.text import escape


def cases_document(results: Sequence[CaseResult], rules: Sequence[RuleCoverage]) -> str:
    """The JSON document of kind `test`."""
    failed = sum(1 for result in results if not result.passed)
    return document(
        "test",
        {
            "summary": {"cases": len(results), "passed": len(results) - failed, "failed": failed},
            "cases": [_case(result) for result in results],
            "rules": [
                {"name": rule.name, "place": rule.place, "decided": rule.decided, "held_back": rule.held_back}
                for rule in rules
            ],
        },
    )


def _case(result: CaseResult) -> Json:
    return {
        "name": result.case.name,
        "place": place_json(result.case.span),
        "passed": result.passed,
        "differences": [
            {
                "path": path_json(one.path),
                "place": place_json(one.span),
                "expected": one.expected or None,
                "found": one.found,
                "evidence": list(one.evidence),
            }
            for one in result.differences
        ],
    }


def cases_junit(results: Sequence[CaseResult]) -> Iterator[str]:
    """The lines of a JUnit report: one suite, one test for each case."""
    failed = sum(1 for result in results if not result.passed)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuite name="rules test" tests="{len(results)}" failures="{failed}" errors="0" skipped="0">'
    for result in results:
        span = result.case.span
        where = f'name={_attribute(result.case.name)} classname={_attribute(span.file)} line="{span.line}"'
        yield f"  <testcase {where}{'/>' if result.passed else '>'}"
        if not result.passed:
            yield f"    <failure message={_attribute(f'{len(result.differences)} of its paths became something else')}>"
            yield from (xml_escape(line.strip()) for one in result.differences for line in difference_lines(one))
            yield "    </failure>"
            yield "  </testcase>"
    yield "</testsuite>"


def _attribute(text: str) -> str:
    # XML has no way to write most control characters, so they are escaped as on a terminal.
    return quoteattr(escape(text))
