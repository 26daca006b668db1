"""Warnings about ranks and about rules that take directories whole."""

import pytest

from rules_engine.policy.lint import lint
from rules_engine.policy.load import load_texts

LAYOUT = """\
version: 1
kind: layout
job_type: cut
parameters: {series: {default: x}}
workspace: "scratch/{job_id}"
output: "output/{job_id}"
directories: {temp: {in: workspace, holds: [temp_video]}, videos: {in: output, holds: [final_video]}}
"""
MIX = LAYOUT.replace("cut", "mix").replace("series", "reel").replace("scratch/", "wip/").replace("output/", "mixed/")
FAILED = "version: 1\nkind: settings\ncleanup: {preserve_on_failure: 1h}\n"


def warn(*rules: str, settings: str = FAILED) -> list[str]:
    """Each warning as line, code, message and help."""
    cleanup = "version: 1\nkind: cleanup\nrules:\n" + "".join(f"  - {{name: {rule}}}\n" for rule in rules)
    texts = {"/p/a.yaml": LAYOUT, "/p/b.yaml": MIX, "/p/c.yaml": cleanup, "/p/d.yaml": settings}
    found = lint(load_texts(texts, base="/"), texts)
    return [f"{one.span.line if one.span else 0} {one.code} {one.message} | {one.help_text}" for one in found]


UNIT = "whole, unit: workspace, after: 7d, action: trash"


@pytest.mark.parametrize(
    "rule",
    [
        "a, jobs: {type: cut, newest: 5, per: [series]}, action: keep",
        "a, jobs: {newest: 5}, action: keep",
        "a, jobs: {beyond_newest: 5}, after: 7d, action: trash",
        UNIT,
        'a, unit: directory, files: {match: ["/renders/*/"]}, after: 7d, action: trash',
        'a, unit: directory, files: {match: ["/*/", "!/a"]}, after: 7d, action: trash',
        'a, unit: directory, files: {match: ["/*/"], except: ["/a/"]}, after: 7d, action: trash',
        'a, directories: {match: ["/**/"], empty: true}, after: 7d, action: delete',
    ],
)
def test_a_rule_about_ranks_or_directories_is_not_odd(rule: str) -> None:
    """Nothing is said about what is commonly wanted."""
    said = [one for one in warn(rule) if "W509" not in one]
    assert said == []


def test_a_unit_that_matches_every_directory_is_odd() -> None:
    """With such a pattern the whole tree goes, one directory after another."""
    expected = "rule `a` takes every directory whole in which no file has an owner"
    for pattern in ("/*/", "*/", "/**/"):
        rule = f'a, unit: directory, files: {{match: ["{pattern}"]}}, after: 7d, action: trash'
        assert warn(rule) == [f'4 W501 {expected} | narrow it, such as by `match: ["/renders/*/"]`']


def test_a_type_that_lacks_a_parameter_of_the_group_is_named() -> None:
    """Its jobs have no place, so its files stay."""
    rule = "a, jobs: {beyond_newest: 5, per: [series]}, after: 7d, action: trash"
    message = "jobs of type `mix` have no `series`, so rule `a` gives them no place: they stay"
    assert warn(rule) == [f"4 W513 {message} | name the types that have it in `type`"]


def test_a_file_rule_that_takes_all_before_the_unit_is_named() -> None:
    """The unit would only ever find what is empty."""
    message = "rule `whole` finds no workspace with files: rule `files` takes all that is temporary in it after 1d"
    help_text = "let rule `whole` wait no longer than rule `files`, or remove one of them"
    assert warn(UNIT, "files, files: {in: workspace}, after: 1d, action: delete") == [f"4 W512 {message} | {help_text}"]


def test_a_file_rule_that_waits_longer_delays_the_unit() -> None:
    """Every file rule that selects something in a unit has to be due."""
    message = (
        "rule `files` delays rule `whole`: a unit waits for every file rule that selects something in it, here 14d"
    )
    help_text = "let rule `whole` wait as long, or narrow rule `files`"
    assert warn(UNIT, "files, files: {in: workspace}, after: 14d, action: delete") == [
        f"4 W505 {message} | {help_text}"
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "files, files: {in: workspace}, after: 7d, action: delete",
        "files, files: {in: output}, deliverables: true, after: 14d, action: delete",
        "files, files: {type: temp_video}, after: 14d, action: delete",
        'files, files: {match: ["*.a"]}, after: 14d, action: delete',
        "files, files: {in: workspace, larger_than: 1GB}, after: 14d, action: delete",
        "files, files: {in: workspace}, otherwise: true, after: 14d, action: delete",
        "files, files: {in: workspace}, report_only: true, after: 14d, action: delete",
        "files, files: {in: workspace}, since: changed, after: 14d, action: delete",
        "files, files: {in: workspace}, jobs: {type: cut}, after: 14d, action: delete",
        "files, files: {in: workspace}, jobs: {parameters: {series: x}}, after: 14d, action: delete",
        "files, files: {in: workspace}, jobs: {beyond_newest: 2}, after: 14d, action: delete",
        "files, files: {in: workspace}, after: {failed: 14d}, action: delete",
        "files, files: {in: workspace}, action: keep, for: 9d",
    ],
)
def test_a_file_rule_about_part_of_the_unit_is_not_odd(rule: str) -> None:
    """Only what surely holds for every such workspace is said."""
    assert warn(UNIT, rule) == []


def test_a_unit_never_delays_a_file_rule() -> None:
    """Two file rules of which one waits longer are odd; of a unit and a file rule only the unit can wait."""
    unit = 'whole, unit: directory, files: {match: ["/a/*/"]}, after: 30d, action: trash'
    assert warn(unit, 'files, files: {match: ["/a/"], tracked: false}, after: 1d, action: trash') == []


def test_types_that_are_not_cleaned_leave_workspaces_whole() -> None:
    """What is kept in a unit keeps all of it."""
    settings = f"{FAILED.strip().removesuffix('}')}, file_types: [temp_video]}}\n"
    message = "rule `whole` leaves a workspace whole that holds `undeclared`: `cleanup.file_types` keeps such files"
    assert warn(UNIT, settings=settings) == [f"4 W512 {message} | add them to `cleanup.file_types`"]
    assert warn(UNIT, settings=settings.replace("[temp_video]", "[temp_video, undeclared]")) == []


def test_a_keep_rule_that_only_a_rule_about_directories_could_break_protects_something() -> None:
    """A keep rule with patterns holds back empty directories; one about other places protects nothing."""
    empty = 'e, directories: {match: ["/a/**/"], empty: true}, after: 7d, action: delete'
    kept = 'k, files: {match: ["/a/b/"], tracked: false}, action: keep'
    assert warn(empty, kept) == []
    assert [one.split()[1] for one in warn(empty, kept.replace("/a/b/", "/c/"))] == ["W503"]
    assert [one.split()[1] for one in warn(empty, "k, files: {type: final_video}, action: keep")] == ["W503"]


def test_a_keep_rule_about_what_a_unit_holds_protects_something() -> None:
    """A file that is kept keeps its unit whole."""
    unit = 'u, unit: directory, files: {match: ["/a/*/"]}, after: 7d, action: trash'
    assert warn(unit, 'k, files: {match: ["/a/*/hero.mkv"]}, action: keep') == []
    output = "k, jobs: {type: cut}, files: {type: final_video}, action: keep"
    assert [one.split()[1] for one in warn(UNIT, output)] == ["W503"]


def test_the_patterns_of_directories_are_looked_at_too() -> None:
    """A path of the host in them matches nothing."""
    rule = 'a, directories: {match: ["/srv/media/x/"], empty: true}, after: 7d, action: delete'
    settings = FAILED.replace("cleanup:", "root: /srv/media\ncleanup:")
    assert [one.split()[1] for one in warn(rule, settings=settings)] == ["W504"]
