"""What two versions of policies say differently: rules, layouts and settings by name."""

from rules_engine.policy.changes import Change, Part, changes_between
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet

LAYOUT = """
version: 1
kind: layout
job_type: clip
workspace: "scratch/{job_id}"
output: "out/{job_id}"
directories: {temp: {in: workspace}}
"""
SETTINGS = "version: 1\nkind: settings\ncleanup: {retention: RETENTION}\n"


def _policies(*rules: str, layout: str | None = LAYOUT, retention: str = "24h") -> PolicySet:
    listed = "".join(f"  - {{{rule}}}\n" for rule in rules)
    files = {"settings.yaml": SETTINGS.replace("RETENTION", retention)}
    files |= {"cleanup.yaml": f"version: 1\nkind: cleanup\nrules:\n{listed}"} if rules else {}
    files |= {"clip.yaml": layout} if layout else {}
    return load_texts(files)


OLD = 'name: old, files: {match: ["*.old"], tracked: false}, after: 7d, action: trash'


def test_equal_policies_have_no_change() -> None:
    """Also where they are written differently: a description, or the order of rules."""
    other = "name: heroes, action: keep"
    assert changes_between(_policies(OLD, other), _policies(other, f"{OLD}, description: Same.")) == ()


def test_a_rule_that_changed_is_said_as_two_sentences() -> None:
    """With the place in the new version."""
    assert changes_between(_policies(OLD), _policies(OLD.replace("7d", "1d"))) == (
        Change(
            Part.RULE,
            "old",
            "`old` moves to the trash files without an owner that match `*.old`, unless named like a deliverable, "
            "7d after the last change of the file.",
            "`old` moves to the trash files without an owner that match `*.old`, unless named like a deliverable, "
            "1d after the last change of the file.",
            "cleanup.yaml:4",
        ),
    )


def test_rules_that_came_or_went_have_one_sentence() -> None:
    """By name, whichever version has them."""
    came, went = changes_between(_policies(OLD), _policies("name: new, action: keep"))
    assert (came.name, came.before, came.place) == ("new", None, "cleanup.yaml:4")
    assert (went.name, went.after, went.place) == ("old", None, "cleanup.yaml:4")


def test_layouts_that_came_went_or_changed_are_named() -> None:
    """What a layout says is too much for a sentence."""
    wider = LAYOUT.replace("out/", "done/")
    assert changes_between(_policies(), _policies(layout=wider)) == (
        Change(Part.LAYOUT, "clip", "", "", "clip.yaml:4"),
    )
    assert changes_between(_policies(layout=None), _policies()) == (
        Change(Part.LAYOUT, "clip", None, "", "clip.yaml:4"),
    )
    assert changes_between(_policies(), _policies(layout=None)) == (
        Change(Part.LAYOUT, "clip", "", None, "clip.yaml:4"),
    )


def test_a_setting_that_changed_has_both_values() -> None:
    """A default has no place; then the version that sets it is named."""
    assert changes_between(_policies(), _policies(retention="48h")) == (
        Change(Part.SETTING, "cleanup.retention", "24h", "48h", "settings.yaml:3"),
    )
    bare = load_texts({"clip.yaml": LAYOUT})
    assert changes_between(_policies(retention="48h"), bare) == (
        Change(Part.SETTING, "cleanup.retention", "48h", "24h", "settings.yaml:3"),
    )


def test_guarantees_that_came_or_went_are_named() -> None:
    """Who takes one away takes a promise away."""
    text = 'version: 1\nkind: guarantees\nnever_removed:\n  - {name: films, files: {match: ["*.mkv"]}}\n'
    promised = load_texts({"clip.yaml": LAYOUT, "guarantees.yaml": text})
    bare = load_texts({"clip.yaml": LAYOUT})
    assert changes_between(promised, bare) == (Change(Part.GUARANTEE, "films", "", None, "guarantees.yaml:4"),)
    assert changes_between(bare, promised) == (Change(Part.GUARANTEE, "films", None, "", "guarantees.yaml:4"),)
