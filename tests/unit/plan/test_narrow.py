"""What a plan leaves out that was narrowed: after all decisions, and with everything that goes along."""

from typing import Any

import pytest
from makers import LAYOUT, evidence, file, job, listed, narrow, planned, policies, removal, wide

from rules_engine.plan.decide import judge
from rules_engine.plan.decided import DecidedFiles
from rules_engine.plan.given import Ask
from rules_engine.plan.model import Plan, StepAction
from rules_engine.plan.narrow import Narrowing, narrowed_to
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.model import FileSelector, Rule, Tracked
from rules_engine.values.paths import RelPath, join
from rules_engine.values.vocabulary import FileType, JobId, RuleName

SLIDE, VIDEO = FileType("temp_slide"), FileType("final_video")
JOB = job(
    files={RelPath("scratch/a/slides"): {"x.png": SLIDE}, RelPath("out"): {"f.mkv": VIDEO}}, output=RelPath("out")
)
TREE = listed(
    file("misc/n.png"),
    file("out/f.mkv"),
    file("scratch/a/slides/x.png"),
    file("scratch/a/slides/y.png"),
    subdirectories={"scratch/a": ("empty", "slides"), "scratch/a/empty": ()},
)
RULES = (
    removal("old", deliverables=True, files=FileSelector(tracked=Tracked.TRACKED)),
    removal("strays", files=FileSelector(narrow("*.png"), tracked=Tracked.UNTRACKED)),
)
ALL = {"misc/n.png", "out/f.mkv", "scratch/a/slides/x.png", "scratch/a/slides/y.png"}
DIRECTORIES = {"scratch/a", "scratch/a/empty", "scratch/a/slides"}


def paths(plan: Plan, *, directories: bool) -> set[str]:
    """What goes: the files, or the directories."""
    return {
        join(batch.directory, entry.name)
        for batch in plan.batches
        for entry in batch.entries
        if (batch.action is StepAction.REMOVE_DIRECTORY) == directories
    }


def narrowed(*rules: Rule, **ask: Any) -> Plan:
    """The plan of the tree, narrowed."""
    return planned(policies(*(rules or RULES), layouts=(LAYOUT,)), [JOB], TREE, ask=Ask(**ask))


def test_the_whole_plan_takes_everything() -> None:
    """So that the other tests leave something out."""
    plan = narrowed()
    assert (paths(plan, directories=False), paths(plan, directories=True)) == (ALL, DIRECTORIES)
    assert plan.trailer.left_out.files == 0


@pytest.mark.parametrize(
    ("ask", "files", "directories"),
    [
        ({"only": narrow("*.png")}, ALL - {"out/f.mkv"}, {"scratch/a/slides"}),
        ({"only": narrow("/scratch/")}, {"scratch/a/slides/x.png", "scratch/a/slides/y.png"}, DIRECTORIES),
        ({"only": narrow("*.png", "empty")}, ALL - {"out/f.mkv"}, DIRECTORIES),
        ({"only": narrow("*.png", "!y.png")}, {"misc/n.png", "scratch/a/slides/x.png"}, set()),
        ({"leave": wide("y.png")}, ALL - {"scratch/a/slides/y.png"}, {"scratch/a/empty"}),
        ({"leave": wide("/scratch")}, {"misc/n.png", "out/f.mkv"}, set()),
        ({"leave": wide("/scratch/a/empty")}, ALL, {"scratch/a/slides"}),
        ({"rules": frozenset({RuleName("strays")})}, {"misc/n.png"}, set()),
        ({"rules": frozenset({RuleName("old")})}, ALL - {"misc/n.png"}, {"scratch/a/slides"}),
        ({"rules": frozenset({BUILT_IN})}, set(), {"scratch/a/empty"}),
        ({"jobs": frozenset({JobId("a")})}, ALL - {"misc/n.png"}, DIRECTORIES),
        ({"jobs": frozenset({JobId("b")})}, set(), set()),
        ({"types": frozenset({VIDEO})}, {"out/f.mkv"}, set()),
        ({"types": frozenset({SLIDE, FileType.UNDECLARED})}, ALL - {"misc/n.png", "out/f.mkv"}, {"scratch/a/slides"}),
        ({"types": frozenset({SLIDE}), "only": narrow("y.png")}, set(), set()),
    ],
)
def test_only_what_was_asked_for_goes_and_the_rest_is_counted(
    ask: dict[str, Any], files: set[str], directories: set[str]
) -> None:
    """A directory goes along where all that it held does; one that held nothing has to be asked for itself."""
    plan = narrowed(**ask)
    assert paths(plan, directories=False) == files
    assert paths(plan, directories=True) == directories
    assert plan.trailer.left_out.files == len(ALL - files)


def test_a_plan_says_what_it_was_narrowed_to() -> None:
    """In the same words for the same narrowing; patterns in their order, which decides."""
    ask = Ask(
        only=narrow("/b/**", "!/b/a\udcff"),
        leave=wide("x y"),
        rules=frozenset(map(RuleName, ("z", "a"))),
        jobs=frozenset(map(JobId, ("j2", "j1"))),
        types=frozenset({VIDEO, SLIDE}),
    )
    said = {"only": "/b/** !/b/a\\xff", "except": "x y", "jobs": "j1 j2", "rules": "a z", "types": f"{VIDEO} {SLIDE}"}
    assert narrowed_to(ask) == said
    assert narrowed_to(Ask()) == {}
    plan = planned(policies(), [], [], ask=Ask(only=narrow("x"), said={"by": "hand"}))
    assert plan.header.ask == {"by": "hand", "only": "x"}


def group() -> DecidedFiles:
    """One file without an owner, decided."""
    fact, said = file("misc/n.png"), policies(*RULES)
    return DecidedFiles(judge(fact, (), said, evidence(said)), (), (fact,))


@pytest.mark.parametrize(
    ("ask", "asked"),
    [
        ({}, True),
        ({"only": narrow("/misc/")}, True),
        ({"only": narrow("/misc")}, False),
        ({"only": narrow("/misc/", "!n.png")}, False),
        ({"leave": wide("n.png")}, False),
        ({"leave": wide("/misc")}, False),
        ({"leave": wide("/other")}, True),
        ({"rules": frozenset({RuleName("whole")})}, True),
        ({"rules": frozenset({RuleName("old")})}, False),
        ({"jobs": frozenset({JobId("a")})}, False),
        ({"types": frozenset({SLIDE})}, False),
    ],
)
def test_a_directory_that_goes_whole_is_asked_for_with_all_that_it_holds(ask: dict[str, Any], asked: bool) -> None:
    """Or it is left out: never a part of it."""
    path, rules = RelPath("misc"), (RuleName("whole"),)
    assert Narrowing(Ask(**ask)).asks_for_unit(path, (), rules, [group()]) is asked


def test_a_directory_that_goes_whole_and_holds_nothing_has_no_type() -> None:
    """So a plan of one type leaves it out."""
    whole = (RuleName("whole"),)
    assert Narrowing(Ask()).asks_for_unit(RelPath("misc"), (), whole, ())
    assert not Narrowing(Ask(types=frozenset({SLIDE}))).asks_for_unit(RelPath("misc"), (), whole, ())
