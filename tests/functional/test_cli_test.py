"""`rules test` as a command: what it prints, how it ends, and that the shipped cases pass."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from cliplace import REPOSITORY, Place

PASSING = """\
version: 1
kind: cases
cases:
  - name: temps go at once
    files: {a/temp_1: now, hero/temp_2: now, film.mkv: 9d ago}
    expect:
      delete: {a/temp_1: stray-temps}
      kept: {hero/temp_2: heroes}
"""
FAILING = """\
version: 1
kind: cases
cases:
  - name: temps stay
    files: {a/temp_1: 1d ago, a/b.part: 2d ago}
    expect:
      kept: [a/temp_1]
"""


@pytest.mark.parametrize("folder", ["policies", "policies/legacy"])
def test_the_shipped_cases_pass_and_try_out_every_shipped_rule(place: Place, folder: str) -> None:
    """Each rule decided in a case, and was held back in one."""
    answer = place.rules("test", "--policies", str(REPOSITORY / folder), "--require-coverage")
    assert (answer.code, answer.err) == (0, "")
    assert ", 0 failed\n" in answer.out


def test_the_starter_cases_pass_and_try_out_every_starter_rule(tmp_path: Path) -> None:
    """A newcomer begins with tests that pass, and sees what one looks like."""
    place = Place(tmp_path)
    assert place.rules("init", "--policies", "mine").code == 0
    answer = place.rules("test", "--policies", "mine", "--require-coverage")
    assert (answer.code, answer.out, answer.err) == (
        0,
        "2 cases: 2 passed, 0 failed\n3 rules: 3 tried out both ways\n",
        "",
    )


def test_cases_beside_the_policies_are_run_and_change_no_policy(place: Place) -> None:
    """They are found by their name, and no plan sees them."""
    before = place.rules("check", "--format", "json").document["policies_digest"]
    place.write("policies/stray.cases.yaml", PASSING)
    answer = place.rules("test")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == (
        "1 case: 1 passed, 0 failed\n"
        "3 rules: 2 tried out both ways\n"
        "\n"
        "  rule   decided in  held back in\n"
        "  parts  0 cases     0 cases       policies/cleanup.yaml:8\n"
    )
    assert place.rules("check", "--format", "json").document["policies_digest"] == before


def test_a_failed_case_shows_what_differs_both_ways_with_the_evidence(place: Place) -> None:
    """What is expected and not so, and what goes and is not expected; with rule, place and what was seen."""
    place.write("policies/wrong.cases.yaml", FAILING)
    answer = place.rules("test")
    assert (answer.code, answer.err) == (3, "")
    assert answer.out.startswith(
        "policies/wrong.cases.yaml:4:11: failed: temps stay\n"
        "  a/temp_1 (policies/wrong.cases.yaml:7)\n"
        "  - kept\n"
        "  + delete by `stray-temps`\n"
        "      no job declared it\n"
        "      outside workspace and output\n"
        "      rule `stray-temps` (policies/cleanup.yaml:4): selects it, due since 2025-12-31T00:00:00Z\n"
        "  a/b.part\n"
        "  - nothing is expected of it, so it stays\n"
        "  + trash by `parts`\n"
        "      no job declared it\n"
        "      outside workspace and output\n"
        "      rule `parts` (policies/cleanup.yaml:8): selects it, due since 2025-12-30T00:00:00Z\n"
        "\n"
        "1 case: 0 passed, 1 failed\n"
    )


def test_missing_coverage_fails_only_where_it_is_required(place: Place) -> None:
    """The rules that no case tries out are named either way."""
    place.write("policies/stray.cases.yaml", PASSING)
    assert place.rules("test").code == 0
    answer = place.rules("test", "--require-coverage")
    assert answer.code == 3
    assert "  parts  0 cases     0 cases" in answer.out
    assert place.rules("test", "--require-coverage", "--filter", "temps").code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "there is nothing to test: no `*.cases.yaml` in policies"),
        (("--filter", "zebra", "extra"), "there is nothing to test: no case contains `zebra`"),
        (("nowhere",), "'nowhere' does not exist"),
    ],
)
def test_nothing_tested_is_no_success(place: Place, arguments: tuple[str, ...], said: str) -> None:
    """A wrong folder, a wrong word or a wrong path must not look like policies that were tested."""
    place.write("extra/stray.cases.yaml", PASSING)
    answer = place.rules("test", *arguments)
    assert answer.code == 2
    assert said in answer.err


def test_cases_are_chosen_by_path_and_by_a_part_of_their_name(place: Place) -> None:
    """A file, a folder, a word of the name in any case."""
    place.write("extra/stray.cases.yaml", PASSING)
    place.write("extra/wrong.cases.yaml", FAILING)
    assert place.rules("test", "extra/stray.cases.yaml").code == 0
    assert place.rules("test", "extra").code == 3
    answer = place.rules("test", "extra", "--filter", "AT ONCE")
    assert (answer.code, answer.out.split("\n", 1)[0]) == (0, "1 case: 1 passed, 0 failed")


def test_an_invalid_file_of_cases_is_an_error_with_its_place(place: Place) -> None:
    """The same look and the same exit code as an invalid policy."""
    place.write("policies/stray.cases.yaml", PASSING.replace("kept", "keeps"))
    answer = place.rules("test")
    assert answer.code == 4
    assert answer.err.startswith("policies/stray.cases.yaml:8:7: error[P301]: `expect` has no key `keeps`\n")
    assert "did you mean `kept`?" in answer.err


def test_an_invalid_policy_ends_before_any_case(place: Place) -> None:
    """No case is run with policies that mean nothing."""
    place.write("policies/stray.cases.yaml", PASSING)
    place.write("policies/cleanup.yaml", "version: 1\nkind: cleanup\n")
    answer = place.rules("test")
    assert (answer.code, answer.out) == (4, "")


def test_the_json_document_says_each_case_and_each_rule(place: Place) -> None:
    """What passed, what differs, and what the cases try out."""
    place.write("policies/wrong.cases.yaml", FAILING)
    document = place.rules("test", "--format", "json").document
    assert (document["format_version"], document["kind"]) == ("1.0", "test")
    assert document["summary"] == {"cases": 1, "passed": 0, "failed": 1}
    (case,) = document["cases"]
    assert (case["name"], case["passed"], case["place"]["line"]) == ("temps stay", False, 4)
    assert [(one["path"], one["expected"], one["found"]) for one in case["differences"]] == [
        ("a/temp_1", "kept", "delete by `stray-temps`"),
        ("a/b.part", None, "trash by `parts`"),
    ]
    assert [rule["name"] for rule in document["rules"]] == ["heroes", "parts", "stray-temps"]


def test_the_junit_report_can_be_read_by_other_programs(place: Place, tmp_path: Path) -> None:
    """One test a case, a failure with its lines where one differs; markup in a name stays text."""
    place.write("policies/wrong.cases.yaml", FAILING.replace("temps stay", '"<temps> & \\"more\\" stay\\u0007"'))
    place.write("policies/stray.cases.yaml", PASSING)
    file = tmp_path / "report.xml"
    file.write_text(place.rules("test", "--format", "junit").out, encoding="utf-8")
    suite = ET.parse(file).getroot()  # noqa: S314 - it is our own
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    good, bad = suite.findall("testcase")
    assert (good.get("name"), good.find("failure")) == ("temps go at once", None)
    assert bad.get("name") == '<temps> & "more" stay\\x07'
    (failure,) = bad.findall("failure")
    assert "+ trash by `parts`" in (failure.text or "")
