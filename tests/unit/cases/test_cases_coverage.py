"""When a rule counts as tried out: it decided somewhere, and was held back somewhere."""

import pytest
from casetexts import HEROES, SCRATCH, STRAYS, policies_with, tried

from rules_engine.cases.coverage import coverage

LATER = "{name: later, files: {match: ['/hero/']}, action: keep, for: 30d}"
EARLY = "{name: early, jobs: {status: completed}, action: keep, for: 1h}"
SHOWN = "{name: shown, files: {match: ['*.log'], tracked: false}, after: 7d, action: trash, report_only: true}"
WHOLE = "{name: whole, jobs: {type: clip}, unit: workspace, after: 3d, action: delete}"
EMPTY = "{name: empty, directories: {match: ['/old/**/'], empty: true}, after: 7d, action: delete}"


def counted(name: str, rules: list[str], *cases: str) -> tuple[int, int]:
    """In how many of these cases a rule decided, and in how many it was held back."""
    results = [tried(f"{case}\nexpect: {{}}", *rules) for case in cases]
    (found,) = (one for one in coverage(results, policies_with(*rules)) if one.name == name)
    assert found.place.startswith("policies/cleanup.yaml:")
    assert found.is_whole == (found.decided > 0 and found.held_back > 0)
    return found.decided, found.held_back


@pytest.mark.parametrize(
    ("files", "decided", "held_back"),
    [
        ("{a.part: 8d ago}", 1, 0),
        ("{a.part: 6d ago}", 0, 1),
        ("{hero/a.part: 8d ago}", 0, 1),
        ("{a.part: 8d ago, b.part: 6d ago}", 1, 1),
        ("{a.txt: 8d ago}", 0, 0),
    ],
)
def test_a_removal_is_held_back_where_something_that_it_selects_stays(files: str, decided: int, held_back: int) -> None:
    """Too young, or kept; what it does not select tries out nothing of it."""
    assert counted("strays", [STRAYS, HEROES], f"files: {files}") == (decided, held_back)


@pytest.mark.parametrize(
    ("files", "decided", "held_back"),
    [
        ("{hero/a.part: 8d ago}", 1, 0),
        # Beyond its pattern: it shows where the pattern ends only beside a file within.
        ("{a.part: 8d ago}", 0, 0),
        ("{hero/a.part: 8d ago, a.part: 8d ago}", 1, 1),
        ("{hero/a.part: 8d ago, a.txt: 8d ago}", 1, 0),
        ("{hero/a.part: 31d ago}", 0, 1),
    ],
)
def test_a_keep_rule_is_held_back_where_something_near_it_goes(files: str, decided: int, held_back: int) -> None:
    """Its `for` is over, or a file beside one that it keeps is beyond its patterns."""
    assert counted("later", [STRAYS, LATER], f"files: {files}") == (decided, held_back)


def test_a_keep_rule_of_jobs_is_held_back_by_one_condition() -> None:
    """A job with another status is near, whatever else the case shows."""
    case = "jobs: {a: {type: clip, status: failed, ended: 20d ago}}\nfiles: {scratch/a/x: undeclared}"
    assert counted("early", [SCRATCH, EARLY], case) == (0, 1)
    large = "{name: large, jobs: {status: completed}, files: {larger_than: 1GiB}, action: keep}"
    assert counted("large", [SCRATCH, large], case) == (0, 0)


def test_a_rule_that_only_reports_decides_what_would_go() -> None:
    """And is held back by its age like any other."""
    assert counted("shown", [SHOWN], "files: {a.log: 8d ago}", "files: {a.log: 1d ago}") == (1, 1)


def test_units_and_empty_directories_count_like_files() -> None:
    """A workspace that goes whole or waits; a directory that is empty long enough or not."""
    job = "jobs: {{a: {{type: clip, ended: {}d ago}}}}\nfiles: {{scratch/a/x: undeclared}}"
    assert counted("whole", [WHOLE], job.format(4), job.format(2)) == (1, 1)
    assert counted("empty", [EMPTY], "directories: {old/a: 8d ago}", "directories: {old/a: 1d ago}") == (1, 1)


def test_all_rules_are_listed_in_the_order_of_their_names() -> None:
    """Also those that no case comes near; the built-in rule is none of theirs."""
    results = [tried("files: {a: now}\nexpect: {}", STRAYS, HEROES)]
    assert [(one.name, one.decided, one.held_back) for one in coverage(results, policies_with(STRAYS, HEROES))] == [
        ("heroes", 0, 0),
        ("strays", 0, 0),
    ]
