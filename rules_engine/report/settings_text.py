"""The settings as text and as JSON: value, origin, and what an origin overruled."""

from collections.abc import Iterator, Sequence

from rules_engine.policy.model import Settings
from rules_engine.policy.origins import Said, Setting, settings_with_origins
from rules_engine.report.documents import Json
from rules_engine.values.diagnostics import Span
from rules_engine.values.text import escape, plural


def settings_lines(settings: Settings) -> Iterator[str]:
    """How many were set and by what, then a line a setting."""
    found = settings_with_origins(settings)
    by_variable = sum(one.said is not None and one.said.variable is not None for one in found)
    defaults = sum(one.said is None for one in found)
    in_policies = len(found) - defaults - by_variable
    yield (
        f"{plural(len(found), 'setting')}: {in_policies} set in policies, {by_variable} by the environment, "
        f"{defaults} left at the default"
    )
    key_width = max(len(one.key) for one in found)
    value_width = max(len(escape(one.value)) for one in found)
    for one in found:
        yield f"  {one.key:{key_width}}  {escape(one.value):{value_width}}  {_origin(one)}"


def _origin(setting: Setting) -> str:
    if setting.said is None:
        return "default"
    said = [escape(setting.said.where), *(f"{escape(one.where)} said {escape(one.value)}" for one in setting.overruled)]
    return "; ".join(said)


def settings_json(settings: Settings) -> Sequence[Json]:
    """Every setting; `place` and `variable` are null where nobody set it."""
    return [
        {
            "key": one.key,
            "value": one.value,
            "default": one.said is None,
            **_said_json(one.said),
            "overruled": [{"value": said.value, **_said_json(said)} for said in one.overruled],
        }
        for one in settings_with_origins(settings)
    ]


def _said_json(said: Said | None) -> dict[str, Json]:
    variable = said.variable if said is not None else None
    return {"variable": variable, "place": place_json(said.span) if said is not None and variable is None else None}


def place_json(span: Span | None) -> Json:
    """A place in a policy file."""
    if span is None:
        return None
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
