"""What a case expects beside what its plan says: both ways, for files, directories, units and reports."""

import pytest
from casetexts import HEROES, SCRATCH, STRAYS, differences, tried

WHOLE = "{name: whole, jobs: {type: clip}, unit: workspace, after: 1d, action: delete}"
FOLDERS = "{name: folders, files: {match: ['/renders/*/']}, unit: directory, after: 7d, action: trash}"
EMPTY = "{name: empty, directories: {match: ['/old/**/'], empty: true}, after: 7d, action: delete}"
SHOWN = "{name: shown, files: {match: ['*.log'], tracked: false}, after: 7d, action: trash, report_only: true}"


def wrong(case: str, expect: str, *rules: str) -> tuple[str, str, str]:
    """The one thing that a case expects and that is not so: its path, both sides."""
    (one,) = differences(f"{case}\nexpect: {{{expect}}}", *rules)
    return one


def test_everything_that_goes_has_to_be_expected() -> None:
    """A removal that the case does not name fails it, with the rule."""
    said = differences("files: {a.part: 8d ago, b.part: 8d ago}\nexpect: {trash: {a.part: strays}}", STRAYS)
    assert said == [("b.part", "", "trash by `strays`")]


def test_an_empty_expectation_says_that_nothing_goes() -> None:
    """It holds where nothing is old enough, and fails where something is."""
    assert differences("files: {a.part: 6d ago}\nexpect: {}", STRAYS) == []
    assert differences("files: {a.part: 7d ago}\nexpect: {}", STRAYS) == [("a.part", "", "trash by `strays`")]


@pytest.mark.parametrize(
    ("expect", "expected", "found"),
    [
        ("delete: [a.part]", "delete", "trash by `strays`"),
        ("kept: [a.part]", "kept", "trash by `strays`"),
        ("due: [a.part]", "due later", "trash by `strays`"),
        ("kept: {a.part: heroes}", "kept by `heroes`", "trash by `strays`"),
        ("trash: [a.part], kept: {b.part: heroes}", "kept by `heroes`", "due in 6d, waits for rule `strays`"),
        ("trash: [a.part], due: {b.part: in 5d}", "due in 5d", "due in 6d, waits for rule `strays`"),
        (
            "trash: [a.part], due: {b.part: {waits_for: scratch}}",
            "due later, waits for scratch",
            "due in 6d, waits for rule `strays`",
        ),
        ("trash: [a.part], kept: {hero/c.part: pinned}", "kept: pinned", "kept: rule `heroes` keeps it"),
        ("trash: [a.part], kept: {d.txt: heroes}", "kept by `heroes`", "kept: no_rule: no rule selects it"),
    ],
)
def test_an_expectation_that_is_not_so_fails(expect: str, expected: str, found: str) -> None:
    """Fate, rules, reason, time and what is waited for are each compared, and the difference says both sides."""
    files = "files: {a.part: 8d ago, b.part: 1d ago, hero/c.part: 8d ago, d.txt: 8d ago}"
    assert wrong(files, expect, STRAYS, HEROES, SCRATCH)[1:] == (expected, found)


@pytest.mark.parametrize(
    "expect",
    [
        "trash: [a.part]",
        "trash: {a.part: strays}, due: {b.part: in 6d}",
        "trash: {a.part: [strays]}, due: {b.part: {at: in 6d, waits_for: strays}}",
        "trash: {a.part: [strays]}, due: {b.part: {waits_for: rule `strays`}}",
        "trash: {a.part: [strays]}, due: {b.part: 2026-01-07}",
        "trash: {a.part: strays}, kept: {hero/c.part: heroes, d.txt: no_rule}",
        "trash: {a.part: strays}, kept: [hero/c.part, d.txt], due: [b.part]",
    ],
)
def test_what_an_expectation_does_not_say_is_not_compared(expect: str) -> None:
    """A path alone asks for its fate; rules, times and reasons only where they stand."""
    files = "files: {a.part: 8d ago, b.part: 1d ago, hero/c.part: 8d ago, d.txt: 8d ago}"
    assert differences(f"{files}\nexpect: {{{expect}}}", STRAYS, HEROES) == []


def test_all_deciding_rules_have_to_be_named() -> None:
    """One of two is another answer."""
    again = "{name: again, files: {match: ['*.part'], tracked: false}, after: 1d, action: trash}"
    files = "files: {a.part: 8d ago}"
    assert differences(f"{files}\nexpect: {{trash: {{a.part: [strays, again]}}}}", STRAYS, again) == []
    (one,) = differences(f"{files}\nexpect: {{trash: {{a.part: strays}}}}", STRAYS, again)
    assert one == ("a.part", "trash by `strays`", "trash by `again`, `strays`")


def test_the_built_in_rule_has_its_name() -> None:
    """A root with layouts and no cleanup policy can be tested too."""
    jobs = "jobs: {a: {type: clip, ended: 25h ago}}\nfiles: {scratch/a/x: undeclared}"
    assert differences(f"{jobs}\nexpect: {{delete: {{scratch/a/x: settings.cleanup}}}}") == []


def test_a_unit_is_expected_by_its_directory_or_by_all_its_files() -> None:
    """One line is enough for a directory that goes whole, and one missing file is not."""
    jobs = "jobs: {a: {type: clip, ended: 25h ago}}\nfiles: {scratch/a/x: undeclared, scratch/a/y: undeclared}"
    assert differences(f"{jobs}\nexpect: {{delete: {{scratch/a: whole}}}}", WHOLE) == []
    assert differences(f"{jobs}\nexpect: {{delete: [scratch/a/x, scratch/a/y]}}", WHOLE) == []
    assert differences(f"{jobs}\nexpect: {{delete: [scratch/a/x]}}", WHOLE) == [("scratch/a", "", "delete by `whole`")]
    (one,) = differences(f"{jobs}\nexpect: {{delete: [scratch/a], kept: [scratch/a/x]}}", WHOLE)
    assert one == ("scratch/a/x", "kept", "delete by `whole`, with all of `scratch/a`")


def test_a_unit_without_a_file_has_to_be_expected_too() -> None:
    """There is no file in it by which it could be."""
    case = "jobs: {a: {type: clip, ended: 25h ago}}\ndirectories: {scratch/a/temp: 25h ago}"
    assert differences(f"{case}\nexpect: {{}}", WHOLE) == [("scratch/a", "", "delete by `whole`")]
    assert differences(f"{case}\nexpect: {{delete: [scratch/a]}}", WHOLE) == []


def test_a_unit_that_stays_says_what_keeps_it() -> None:
    """Its evidence is the first thing that keeps all of it."""
    files = "files: {renders/a/x: 8d ago, renders/a/hero/y: 8d ago}"
    result = tried(f"{files}\nexpect: {{trash: {{renders/a: folders}}}}", FOLDERS, HEROES)
    (one,) = result.differences
    assert (one.expected, one.found) == ("trash by `folders`", "kept: the directory stays")
    assert one.evidence == ("`renders/a/hero` is kept: rule `heroes` keeps it",)


def test_a_directory_is_due_at_the_very_moment_at_which_it_goes() -> None:
    """Not earlier, and not later; one that goes now is not due."""
    files, when = "files: {renders/a/x: 1d ago}", "expect: {{due: {{renders/a: {}}}}}"
    assert differences(f"{files}\n{when.format('in 6d')}", FOLDERS) == []
    for wrong in ("in 5d", "in 7d"):
        (one,) = differences(f"{files}\n{when.format(wrong)}", FOLDERS)
        assert one == ("renders/a", f"due {wrong}", "kept: the directory stays")
    (one,) = differences(f"files: {{renders/a/x: 7d ago}}\n{when.format('now')}", FOLDERS)
    assert one[2] == "trash by `folders`"
    assert differences("directories: {old/a: 1d ago}\nexpect: {due: {old/a: {at: in 6d}}}", EMPTY) == []


def test_a_directory_below_one_that_goes_whole_does_not_stay() -> None:
    """No step names it, and it is gone all the same."""
    files = "files: {renders/a/b/x: 8d ago}"
    (one,) = differences(f"{files}\nexpect: {{trash: [renders/a], kept: [renders/a/b]}}", FOLDERS)
    assert one == ("renders/a/b", "kept", "trash by `folders`, with all of `renders/a`")


def test_an_empty_directory_of_the_case_has_to_be_expected() -> None:
    """One that the case names; those above it that become empty with it go without a word."""
    case = "directories: {old/a/b: 8d ago, old/young: 1d ago}"
    assert differences(f"{case}\nexpect: {{delete: {{old/a/b: empty}}, kept: [old/young]}}", EMPTY) == []
    assert differences(f"{case}\nexpect: {{}}", EMPTY) == [("old/a/b", "", "delete by `empty`")]


def test_a_directory_that_the_plan_empties_goes_without_a_word() -> None:
    """It follows from what went; who wants to may name it."""
    case = "jobs: {a: {type: clip, ended: 25h ago}}\nfiles: {scratch/a/x: undeclared}"
    result = tried(f"{case}\nexpect: {{delete: [scratch/a/x]}}", SCRATCH)
    assert (result.passed, list(result.ran.directories)) == (True, ["scratch/a"])
    assert differences(f"{case}\nexpect: {{delete: [scratch/a/x, scratch/a]}}", SCRATCH) == []


def test_what_would_go_is_asked_of_the_rule_that_only_reports() -> None:
    """The file stays all the same, and both can be expected."""
    case = "files: {a.log: 8d ago, b.log: 1d ago, c.log.part: 8d ago}"
    trash = "trash: [c.log.part]"
    assert differences(f"{case}\nexpect: {{{trash}, would_go: {{a.log: shown}}, kept: [a.log]}}", SHOWN, STRAYS) == []
    stays = "kept: no_rule: no rule selects it"
    assert wrong(case, f"{trash}, would_go: [b.log]", SHOWN, STRAYS) == ("b.log", "would go", stays)
    one = wrong(case, f"{trash}, would_go: [a.log], kept: {{a.log: pinned}}", SHOWN, STRAYS)
    assert one[2] == f"{stays}; would go by `shown`"


def test_what_goes_anyway_is_not_shown_as_what_would_go() -> None:
    """A rule that only reports adds nothing to it."""
    shown = "{name: shown, files: {match: ['*.part'], tracked: false}, after: 1d, action: trash, report_only: true}"
    case = "files: {a.part: 8d ago}"
    one = wrong(case, "trash: [a.part], would_go: [a.part]", STRAYS, shown)
    assert one == ("a.part", "would go", "trash by `strays`")
    assert differences(f"{case}\nexpect: {{would_go: [a.part]}}", STRAYS, shown) == [one]


def test_each_rule_that_only_reports_is_asked_alone() -> None:
    """One that is not due delays no other, and a rule that would not take the file is no answer."""
    other = SHOWN.replace("shown", "slow").replace("7d", "30d")
    case = "files: {a.log: 8d ago, b.log: 31d ago}"
    both = "b.log: [shown, slow]"
    assert differences(f"{case}\nexpect: {{would_go: {{a.log: shown, {both}}}}}", SHOWN, other) == []
    one = wrong(case, f"would_go: {{a.log: slow, {both}}}", SHOWN, other)
    assert one == ("a.log", "would go by `slow`", "kept: no_rule: no rule selects it; would go by `shown`")
    assert wrong(case, "would_go: {b.log: shown}", SHOWN, other)[0] == "b.log"


def test_a_keep_rule_with_the_name_of_a_reason_is_the_rule() -> None:
    """A rule is what somebody reviewed; the reason of that name is said by listing the path."""
    named = HEROES.replace("heroes", "pinned")
    assert differences("files: {hero/a.part: 8d ago}\nexpect: {kept: {hero/a.part: pinned}}", STRAYS, named) == []
    case = "files: {b.part: 1d ago}\npins: [b.part]\nexpect: {kept: {b.part: pinned}}"
    assert len(differences(case, STRAYS, named)) == 1


def test_a_unit_that_would_go_is_one_path() -> None:
    """Its directory, and each file in it."""
    shown = FOLDERS.replace("action: trash", "action: trash, report_only: true")
    case = "files: {renders/a/x: 8d ago}"
    assert differences(f"{case}\nexpect: {{would_go: {{renders/a: folders, renders/a/x: folders}}}}", shown) == []


def test_the_evidence_names_each_deciding_rule_with_its_place() -> None:
    """And what was seen of the job and the file, from the same judgement as the plan."""
    case = "jobs: {a: {type: clip, ended: 25h ago}}\nfiles: {scratch/a/x: undeclared}"
    (one,) = tried(f"{case}\nexpect: {{}}", SCRATCH).differences
    assert one.span.line == 4
    assert one.evidence == (
        "job `a` (clip) is completed, ended 2025-12-30T23:00:00Z",
        "`undeclared`, temporary, in the workspace",
        "rule `scratch` (policies/cleanup.yaml:4): selects it, due since 2025-12-31T23:00:00Z",
    )
