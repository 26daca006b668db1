"""The questions that layouts and policy sets answer about themselves."""

from dataclasses import replace
from pathlib import Path

from rules_engine.policy.load import load_texts
from rules_engine.policy.model import DirectorySelector, JobSelector, PolicySet, Unit
from rules_engine.policy.patterns import Reading, parse_patterns
from rules_engine.values.vocabulary import DirectoryType, FileType, JobType, RuleName

LAYOUT = """
version: 1
kind: layout
job_type: clips
workspace: "scratch/{job_id}"
output: "output/{job_id}"
directories:
  slides: {in: workspace, holds: [temp_slide]}
  temp:   {in: workspace}
  rest:   {in: workspace}
  shorts: {in: output, holds: [final_video]}
names: {final_video: "x_{index}{suffix}"}
"""
RULES = "version: 1\nkind: cleanup\nrules: [{name: a, action: keep}, {name: b, after: 1d, action: trash}]\n"


def test_a_layout_knows_its_directories_by_key_and_by_what_they_hold() -> None:
    """Types that nobody holds go to the first workspace directory that holds no type."""
    layout = load_texts({"l.yaml": LAYOUT}).layouts[JobType("clips")]
    holder, catch_all = layout.holder(FileType.TEMP_SLIDE), layout.catch_all()
    assert holder is not None
    assert holder.key == DirectoryType.SLIDES
    assert layout.holder(FileType.TEMP_AUDIO) is None
    assert catch_all is not None
    assert catch_all.key == DirectoryType.TEMP
    assert layout.directory(DirectoryType.SHORTS) == layout.directories[3]
    assert layout.directory(DirectoryType.METADATA) is None


def test_a_layout_knows_the_output_name_of_a_type() -> None:
    """A type without a name keeps the one that it has."""
    layout = load_texts({"l.yaml": LAYOUT}).layouts[JobType("clips")]
    name = layout.name_for(FileType.FINAL_VIDEO)
    assert name is not None
    assert name.text == "x_{index}{suffix}"
    assert layout.name_for(FileType.METADATA) is None


def test_a_policy_set_parts_rules_that_keep_from_rules_that_remove() -> None:
    """Every rule is one of the two."""
    policies = load_texts({"c.yaml": RULES})
    assert [rule.name for rule in policies.keep_rules] == ["a"]
    assert [rule.name for rule in policies.removal_rules] == ["b"]


def test_the_schemas_and_policies_that_a_wheel_needs_are_in_the_checkout() -> None:
    """The build copies them from there."""
    root = Path(__file__).parents[3]
    assert {one.name for one in (root / "schemas").glob("*.json")} >= {
        "cleanup.v1.json",
        "guarantees.v1.json",
        "layout.v1.json",
        "settings.v1.json",
    }


def test_a_rule_decides_about_files_or_about_directories() -> None:
    """Nothing that iterates over the rules for files meets one that is about directories."""
    rule = load_texts({"c.yaml": RULES}).rules[1]
    whole = replace(rule, name=RuleName("whole"), unit=Unit.WORKSPACE)
    empty = replace(
        rule, name=RuleName("empty"), directories=DirectorySelector(parse_patterns(["/a/"], Reading.NARROW))
    )
    policies = PolicySet((empty, rule, whole))
    assert policies.file_rules == (rule,)
    assert policies.unit_rules == (whole,)
    assert policies.directory_rules == (empty,)
    assert policies.removal_rules == policies.rules


def test_a_job_selector_ranks_when_either_number_is_said() -> None:
    """Without a number the place of a job does not matter."""
    assert not JobSelector().ranks
    assert JobSelector(newest=1).ranks
    assert JobSelector(beyond_newest=1).ranks
