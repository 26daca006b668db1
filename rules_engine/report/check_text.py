"""What a check of the policies found, as text and as JSON: every diagnostic, then counts, then sentences if asked."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from textwrap import TextWrapper
from typing import Final

from rules_engine.analysis.guarantees import Answer
from rules_engine.policy.model import PolicySet
from rules_engine.policy.render import render_all
from rules_engine.policy.sentences import sentences
from rules_engine.report.documents import Json, document
from rules_engine.report.guarantees_text import guarantee_json
from rules_engine.report.settings_text import place_json, settings_json
from rules_engine.values.diagnostics import Diagnostic, Severity
from rules_engine.values.text import escape, plural

_WRAPPER: Final = TextWrapper(100, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def check_lines(
    policies: PolicySet | None,
    diagnostics: Sequence[Diagnostic],
    sources: Mapping[str, str],
    *,
    with_sentences: bool,
) -> Iterator[str]:
    """Every diagnostic with its lines, then what was counted, then each rule in English."""
    if diagnostics:
        yield from render_all(diagnostics, sources).split("\n")
        yield ""
    weights = Counter(one.severity for one in diagnostics)
    found = f"{plural(weights[Severity.ERROR], 'error')}, {plural(weights[Severity.WARNING], 'warning')}"
    if policies is None:
        yield f"{plural(len(sources), 'policy', 'policies')}: {found}; nothing can be planned until the errors are gone"
        return
    read = f"{plural(len(policies.layouts), 'layout')}, {plural(len(policies.rules), 'rule')}"
    if policies.guarantees:
        read += f", {plural(len(policies.guarantees), 'guarantee')}"
    yield f"{plural(len(policies.sources), 'policy', 'policies')} with {read}: {found}"
    if with_sentences:
        yield ""
        for text in sentences(policies):
            # Only at blanks: a pattern that is cut in two is another pattern.
            yield from _WRAPPER.wrap(escape(text))


def check_document(
    policies: PolicySet | None,
    diagnostics: Sequence[Diagnostic],
    sources: Mapping[str, str],
    answers: Sequence[Answer] = (),
) -> str:
    """The JSON document of kind `check`."""
    return document(
        "check",
        {
            "valid": policies is not None,
            "files": sorted(sources if policies is None else policies.sources),
            "policies_digest": policies.digest if policies is not None else None,
            "diagnostics": [_diagnostic(one) for one in diagnostics],
            "sentences": list(sentences(policies)) if policies is not None else [],
            "guarantees": [guarantee_json(one) for one in answers],
            "settings": settings_json(policies.settings) if policies is not None else [],
        },
    )


def _diagnostic(found: Diagnostic) -> Json:
    return {
        "code": found.code,
        "severity": found.severity.value,
        "message": found.message,
        "help": found.help_text,
        "place": place_json(found.span),
        "related": [{"place": place_json(span), "text": text} for span, text in found.related],
    }
