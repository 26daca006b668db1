"""How a diagnostic looks in a terminal: carets under what is meant, and nothing that a terminal obeys."""

from rules_engine.policy.findings import closest, suggest
from rules_engine.policy.render import render, render_all
from rules_engine.values.diagnostics import Diagnostic, Severity, Span


def _at(column: int, end: int, line: int = 1, end_line: int | None = None) -> Span:
    return Span("p.yaml", line, column, end_line or line, end)


def test_a_diagnostic_without_a_place_is_one_line_with_its_help() -> None:
    """A missing folder has no line to show."""
    assert render(Diagnostic("P001", "no folder", None, "give one"), {}) == "error[P001]: no folder\n  help: give one"


def test_a_place_in_an_unknown_text_is_named_and_not_shown() -> None:
    """Without the text there is no line."""
    assert render(Diagnostic("P004", "a link", _at(1, 1)), {}) == "p.yaml:1:1: error[P004]: a link"


def test_a_line_that_is_not_there_is_not_shown() -> None:
    """The text may have changed since."""
    assert render(Diagnostic("P004", "gone", _at(1, 2, line=9)), {"p.yaml": "a\n"}) == "p.yaml:9:1: error[P004]: gone"


def test_a_warning_is_called_one() -> None:
    """A warning does not look like an error."""
    assert render(Diagnostic("W501", "odd", None, severity=Severity.WARNING), {}) == "warning[W501]: odd"


def test_carets_stand_below_wide_and_combining_characters() -> None:
    """A column of the text is not a column of the terminal."""
    shown = render(Diagnostic("P301", "m", _at(6, 8)), {"p.yaml": "日本e\u0301:xy\n"}).splitlines()
    assert shown[1:] == ["  1 | 日本e\u0301:xy", "    |       ^^"]


def test_control_characters_and_escapes_of_a_terminal_are_shown_and_not_sent() -> None:
    """A policy cannot colour or clear the screen of who reads the error."""
    text = render(Diagnostic("P102", "bad `\x1b[2J`", _at(4, 5), "no \x07"), {"p.yaml": "a: \x1b[31m\tz\n"})
    assert text.splitlines() == [
        "p.yaml:1:4: error[P102]: bad `\\x1b[2J`",
        "  1 | a: \\x1b[31m\\tz",
        "    |    ^^^^",
        "  help: no \\x07",
    ]


def test_of_a_part_that_spans_lines_the_first_is_underlined() -> None:
    """A rule of twenty lines is shown by its first."""
    shown = render(Diagnostic("P302", "m", _at(3, 4, 1, 3)), {"p.yaml": "- name: a  \r\n  b: 1\r\n  c\n"})
    assert shown.splitlines()[1:] == ["  1 | - name: a", "    |   ^^^^^^^"]


def test_of_a_long_line_the_neighbourhood_is_shown() -> None:
    """A line of a megabyte must not hide the message."""
    source = "a" * 500 + "BAD" + "c" * 500
    shown = render(Diagnostic("P301", "m", _at(501, 504)), {"p.yaml": source}).splitlines()
    assert shown[1] == f"  1 | …{'a' * 60}BAD{'c' * 60}…"
    assert shown[2].index("^^^") == shown[1].index("BAD")
    whole = render(Diagnostic("P301", "m", _at(1, 1004)), {"p.yaml": source}).splitlines()
    assert whole[1] == f"  1 | {'a' * 60}…"


def test_related_places_follow_the_help_and_defaults_are_named() -> None:
    """The second place of a contradiction is shown like the first."""
    one = Diagnostic(
        "P423", "m", _at(1, 2), "h", related=((_at(1, 2, line=2), "here"), (None, "settings: default `x`"))
    )
    assert render(one, {"p.yaml": "a\nb\n"}).splitlines()[3:] == [
        "  help: h",
        "  see p.yaml:2:1: here",
        "  2 | b",
        "    | ^",
        "  see settings: default `x`",
    ]


def test_diagnostics_are_parted_by_an_empty_line() -> None:
    """Where one ends the next begins."""
    one = Diagnostic("P001", "m", None)
    assert render_all([one, one], {}) == "error[P001]: m\n\nerror[P001]: m"


def test_a_near_miss_differs_in_case_dashes_or_a_few_letters() -> None:
    """What people mistype is found, and what is far is not."""
    words = ("short_form", "long_form", "expression_only")
    assert closest("Short-Form", words) == "short_form"
    assert closest("expresion_only", words) == "expression_only"
    assert closest("zzz", words) is None


def test_a_suggestion_lists_what_there_is_when_nothing_is_near() -> None:
    """The reader learns the words, but never a screen full."""
    assert suggest("zzz", [], "write a layout") == "write a layout"
    assert suggest("zzz", ["a"], "") == "the only one is `a`"
    many = suggest("zzz", [f"word{n:02}" for n in range(20)], "")
    assert many.endswith("`word11` and 8 more")
