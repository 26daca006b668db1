"""Guarantees on the command line: `rules check` holds them, `rules analyze --never-removes` asks for one."""

import pytest
from cliplace import LAYOUT, Place

HELD = """\
version: 1
kind: guarantees
never_removed:
  - {name: heroes, files: {match: "/hero/"}}
"""
BROKEN = """\
version: 1
kind: guarantees
never_removed:
  - {name: masters, files: {match: "/masters/"}}
"""


def test_check_counts_the_guarantees_that_hold(place: Place) -> None:
    """The keep rule `heroes` keeps what the guarantee says is never removed."""
    place.write("policies/guarantees.yaml", HELD)
    answer = place.process("check")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "3 policies with 0 layouts, 3 rules, 1 guarantee: 0 errors, 0 warnings\n"
    (held,) = place.rules("check", "--format", "json").document["guarantees"]
    assert (held["name"], held["answer"], held["witness"]) == ("heroes", "proved", None)
    assert held["kinds"] > 0


def test_check_shows_the_file_that_breaks_a_guarantee_and_fails(place: Place) -> None:
    """With the rules that take it; a plan is made all the same."""
    place.write("policies/guarantees.yaml", BROKEN)
    answer = place.rules("check")
    assert answer.code == 4
    assert answer.out.startswith(
        "policies/guarantees.yaml:4:5: error[P432]: guarantee `masters` is broken: "
        "`masters/.part`, a file that no job owns, goes to the trash at once\n"
    )
    assert "  see policies/cleanup.yaml:8:5: rule `parts` takes it\n" in answer.out
    assert answer.out.endswith("3 policies with 0 layouts, 3 rules, 1 guarantee: 1 error, 0 warnings\n")
    document = place.rules("check", "--format", "json").document
    assert [one["code"] for one in document["diagnostics"]] == ["P432"]
    witness = document["guarantees"][0]["witness"]
    assert (witness["path"], witness["action"], witness["rules"]) == ("masters/.part", "trash", ["parts"])
    assert place.rules("plan").code == 0


def test_the_file_that_breaks_a_guarantee_goes_once_it_is_there(place: Place) -> None:
    """The example is one that a plan removes."""
    place.write("policies/guarantees.yaml", BROKEN)
    path = place.rules("check", "--format", "json").document["guarantees"][0]["witness"]["path"]
    place.write(f"media/{path}")
    steps = place.rules("plan", "--format", "json").document["steps"]
    assert [one["rules"] for one in steps if one["path"] == path] == [["parts"]]


def test_a_budget_that_is_spent_fails_the_check(place: Place) -> None:
    """Not known is not held."""
    place.write("policies/guarantees.yaml", HELD)
    answer = place.rules("check", "--budget", "2")
    assert answer.code == 4
    assert "error[P433]: guarantee `heroes` is not known to hold: 2 states were not enough\n" in answer.out
    (held,) = place.rules("check", "--budget", "2", "--format", "json").document["guarantees"]
    assert (held["answer"], held["states"]) == ("unknown", 2)
    assert place.rules("check", "--budget", "0").code == 2


def test_settings_of_the_environment_count(place: Place) -> None:
    """A guarantee about failed jobs rests on the shield, which the environment can take away."""
    place.write("policies/clip.yaml", LAYOUT)
    promise = "{name: failed, jobs: {status: failed}, for: 7d}"
    place.write("policies/guarantees.yaml", f"version: 1\nkind: guarantees\nnever_removed:\n  - {promise}\n")
    assert place.rules("check").code == 0
    broken = place.rules("check", environment={"RULES_CLEANUP_PRESERVE_ON_FAILURE": "1h"})
    assert broken.code == 4
    assert "guarantee `failed` is broken: " in broken.out


@pytest.mark.parametrize(
    ("pattern", "code", "begin"),
    [
        ("/hero/", 0, "proved: no rule removes anything in `/hero/`\n"),
        (
            "/masters/",
            8,
            "`/masters/` is not safe: `masters/.part`, a file that no job owns, goes to the trash at once\n",
        ),
        ("masters/x", 2, ""),
    ],
    ids=["proved", "shown", "no-pattern"],
)
def test_analyze_proves_that_nothing_is_removed_or_shows_what_is(
    place: Place, pattern: str, code: int, begin: str
) -> None:
    """How it ends says which; a pattern that is none is a usage error."""
    answer = place.rules("analyze", "--never-removes", pattern)
    assert answer.code == code
    assert answer.out.startswith(begin)
    assert (answer.err == "") is (code != 2)


def test_several_questions_are_answered_in_their_order(place: Place) -> None:
    """One that can be removed decides how it ends, and one that is not known before one that is proved."""
    document = place.rules(
        "analyze", "--never-removes", "/hero/", "--never-removes", "/masters/", "--format", "json"
    ).document
    assert document["kind"] == "never_removes"
    assert [(one["name"], one["answer"]) for one in document["answers"]] == [
        ("/hero/", "proved"),
        ("/masters/", "broken"),
    ]
    unknown = place.rules("analyze", "--never-removes", "/hero/", "--budget", "2")
    assert unknown.code == 6
    assert unknown.out.startswith("unknown: 2 states were not enough to tell what can be removed in `/hero/`\n  help: ")


def test_what_the_settings_remove_is_named_without_a_place(place: Place) -> None:
    """No file says that temporary files go."""
    place.write("policies/clip.yaml", LAYOUT)
    answer = place.rules("analyze", "--never-removes", "/scratch/*/clips/", "--policies", "policies")
    assert answer.code == 8
    place.write("policies/cleanup.yaml", "version: 1\nkind: settings\n")
    (place.path / "policies/settings.yaml").unlink()
    answer = place.rules("analyze", "--never-removes", "/scratch/*/clips/")
    assert answer.out.splitlines()[1:] == [
        "  `settings.cleanup` takes it: temporary files of ended jobs, where no rule selects"
    ]
