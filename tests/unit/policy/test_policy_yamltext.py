"""The syntax stage: which scalars are more than text, the caps, and bombs that must cost nothing."""

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rules_engine.policy import yamltext
from rules_engine.policy.findings import Findings
from rules_engine.policy.yamltext import parse_text


def _codes(text: str) -> list[str]:
    findings = Findings()
    assert parse_text("p.yaml", text, findings) is None
    return [one.code for one in findings.in_order()]


@pytest.mark.parametrize(
    "text", ["010", "NO", "on", "12:30:00", "1e3", "1_000", "2026-01-01", "~", "null", "True", "0x1f"]
)
def test_a_trap_of_yaml_1_1_stays_text(text: str) -> None:
    """What is written is what is read."""
    node = parse_text("p.yaml", f"a: {text}\n", Findings())
    assert node is not None
    assert node.plain() == {"a": text}


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("0", 0), ("-12", -12), ("775", 775)])
def test_booleans_and_decimal_integers_are_what_they_show(text: str, value: object) -> None:
    """Nothing else is resolved, and quotes keep even these as text."""
    node = parse_text("p.yaml", f'a: {text}\nb: "{text}"\n', Findings())
    assert node is not None
    assert node.plain() == {"a": value, "b": text}


def test_the_text_of_a_scalar_is_as_it_is_written() -> None:
    """A boolean is shown in the letters of the policy, not of the program."""
    node = parse_text("p.yaml", "a: true\nb: 7\n", Findings())
    assert node is not None
    assert [pair.value.text for pair in node.pairs()] == ["true", "7"]


def test_a_billion_laughs_cost_nothing() -> None:
    """Anchors are refused in the stream of events, before anything is built."""
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    started = time.process_time()
    codes = _codes("\n".join(lines))
    assert set(codes) == {"P107"}
    assert time.process_time() - started < 0.5


def test_a_hundred_thousand_brackets_are_refused_without_a_crash() -> None:
    """The composer of the C parser would crash the process."""
    assert _codes("a: " + "[" * 100_000) == ["P112"]
    assert _codes("a: " + "{b: " * 100_000) == ["P112"]


def test_more_values_than_the_cap_are_refused() -> None:
    """Two hundred thousand small rules are not a policy."""
    assert _codes("a: [" + "x," * 60_000 + "]") == ["P113"]


def test_findings_stop_at_a_hundred() -> None:
    """A file of aliases does not fill the terminal."""
    assert len(_codes("a: [" + "*x, " * 1000 + "]")) == 100


def test_two_hundred_thousand_digits_are_text() -> None:
    """Python refuses to read such a number, so it must never be tried."""
    node = parse_text("p.yaml", f"a: {'9' * 200_000}\n", Findings())
    assert node is not None
    assert node.get("a") is not None
    assert node.plain() == {"a": "9" * 200_000}


@pytest.mark.parametrize("start", ["---\n", "--- # only a comment\n", "", "\n\n"])
def test_a_document_without_a_value_is_empty(start: str) -> None:
    """An empty document is no policy, whichever way it is empty."""
    assert _codes(start) == ["P104"]


def test_the_span_of_a_block_ends_with_its_last_value() -> None:
    """A mark that reaches to the next rule would underline the wrong text."""
    node = parse_text("p.yaml", "rules:\n  - name: a\n    action: keep\n\n# end\n", Findings())
    assert node is not None
    span = node.at(("rules", 0)).span
    assert (span.line, span.column, span.end_line, span.end_column) == (2, 5, 3, 17)


def test_columns_count_characters_also_after_emoji() -> None:
    """A place is where an editor shows it."""
    node = parse_text("p.yaml", 'a: {"😀": x}\n', Findings())
    assert node is not None
    found = node.get("a", "😀")
    assert found is not None
    assert found.span.column == 10


def test_a_lone_surrogate_is_refused_by_either_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser in Python lets it through, and it could not be written anywhere."""
    assert _codes('a: "\\ud800"') == ["P103"]
    monkeypatch.setattr(yamltext, "_LOADER", yaml.SafeLoader)
    assert _codes('a: "\\ud800"') == ["P102"]


def test_an_alias_as_a_key_is_one_finding() -> None:
    """The map goes on after it."""
    assert _codes("*x : 1\nb: 2\n") == ["P107"]


def test_a_tab_before_a_value_is_named_by_the_parser_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser in C passes over it."""
    monkeypatch.setattr(yamltext, "_LOADER", yaml.SafeLoader)
    findings = Findings()
    assert parse_text("p.yaml", "a: \tb\n", findings) is None
    assert [one.message for one in findings.in_order()] == ["a tab stands where a value begins"]


def test_what_the_parser_in_python_fails_on_with_another_error_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads the version of a directive as a number, and Python refuses five thousand digits."""
    monkeypatch.setattr(yamltext, "_LOADER", yaml.SafeLoader)
    assert _codes(f"%YAML 1.{'9' * 5000}\n--- a\n") == ["P103"]


@given(st.text(alphabet=st.sampled_from(list("ab:-*&!%@|>'\"{}[],#? \n\t0\\~<")), max_size=60))
def test_any_text_is_a_tree_or_findings_and_never_an_exception(text: str) -> None:
    """Whatever stands in a file, the answer is a value."""
    findings = Findings()
    node = parse_text("p.yaml", text, findings)
    assert (node is None) == bool(findings)
    for one in findings.in_order():
        assert one.span is not None
        assert one.help_text or one.code == "P112"
