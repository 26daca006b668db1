"""The reports of a change of policies: the answer first, names stay names, long lists end."""

import json

import pytest

from rules_engine.analysis.compare import Comparison, compare
from rules_engine.analysis.effects import Effect
from rules_engine.jobs.comparing import Example, Group, TreeComparison
from rules_engine.jobs.reviewing import Review
from rules_engine.plan.model import Count
from rules_engine.policy.budget import Budget
from rules_engine.policy.changes import Change, Part, changes_between
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import Action, PolicySet
from rules_engine.report.diff_json import diff_document
from rules_engine.report.diff_markdown import diff_markdown
from rules_engine.report.diff_text import diff_lines
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, Instant, parse_instant
from rules_engine.values.vocabulary import RuleName

NOW = parse_instant("2026-03-01T04:00:00Z")
NOTHING = Comparison((), 0)
STRAYS = '{name: strays, files: {match: ["*.part"], tracked: false}, after: 7d, action: trash}'


def _policies(*rules: str, settings: str = "cleanup: {enabled: true}") -> PolicySet:
    files = {"settings.yaml": f"version: 1\nkind: settings\n{settings}\n"}
    if rules:
        listed = "".join(f"  - {rule}\n" for rule in rules)
        files["cleanup.yaml"] = f"version: 1\nkind: cleanup\nrules:\n{listed}"
    return load_texts(files)


def _review(old: PolicySet, new: PolicySet, tree: TreeComparison | None = None, budget: int = 10_000) -> Review:
    return Review("old", "new\nline", changes_between(old, new), compare(old, new, Budget(budget)), tree)


def _tree(*groups: Group, unread: tuple[tuple[RelPath, str], ...] = ()) -> TreeComparison:
    return TreeComparison("/srv/media", NOW, groups, Count(9, 2048), unread)


def _group(effect: Effect, **ends: bool) -> Group:
    trashed = (Action.TRASH, (RuleName("strays"),))
    sides = {side: trashed if ends.get(side) else None for side in ("before", "after")}
    since = {side: Instant(NOW + DAY) if ends.get(side) else None for side in ("before", "after")}
    example = Example(RelPath("a|b`c\n.part"), 2048, **since)
    return Group(effect, **sides, total=Count(1, 2048), due=Count(), examples=(example,))


def test_the_title_of_a_version_cannot_break_a_line() -> None:
    """A revision may be called anything."""
    assert list(diff_lines(_review(_policies(), _policies())))[1] == "old → new\\nline"


def test_a_tree_is_told_by_effect_with_its_largest_files() -> None:
    """When each of them goes by either version."""
    tree = _tree(_group(Effect.GOES, after=True), _group(Effect.STAYS, before=True))
    text = list(diff_lines(_review(_policies(), _policies(), tree)))
    assert text[0] == "Something can be removed that could not be removed before"
    assert text[3:] == [
        "Files below /srv/media, as of 2026-03-01T04:00:00Z, of 9 files, 2.0 KiB",
        "  Stayed, and goes",
        "    kept → trashed by `strays`: 1 file, 2.0 KiB",
        "      `a|b`c\\n.part` (2.0 KiB): never → in 1d",
        "  Went, and stays",
        "    trashed by `strays` → kept: 1 file, 2.0 KiB",
        "      `a|b`c\\n.part` (2.0 KiB): in 1d → never",
    ]


def test_a_tree_in_which_nothing_changes_says_so() -> None:
    """With what could not be read, which may be anything."""
    quiet = _review(_policies(), _policies(), _tree(unread=((RelPath("locked"), "permission denied"),)))
    assert list(diff_lines(quiet))[-3:] == [
        "  none becomes of anything else",
        "  1 directory or file could not be read: kept",
        "    locked: permission denied",
    ]
    markdown = list(diff_markdown(quiet))
    assert "Of 9 files, 2.0 KiB none becomes of anything else." in markdown
    assert "1 directory or file could not be read: kept." in markdown


def test_names_are_code_in_markdown() -> None:
    """Whatever they hold."""
    lines = list(diff_markdown(_review(_policies(), _policies(), _tree(_group(Effect.GOES, after=True)))))
    assert "  - ``a\\|b`c\\n.part`` (2.0 KiB): never → in 1d" in lines
    assert "- kept → trashed by `strays`: 1 file, 2.0 KiB" in lines


def test_what_is_not_known_is_said_in_every_form() -> None:
    """Neither an answer nor a guess."""
    found = _review(_policies(), _policies(STRAYS), budget=2)
    assert (
        next(diff_lines(found)) == "It is not known whether something can be removed that could not be removed before"
    )
    assert "  There may be more: not known after 2 states" in list(diff_lines(found))
    assert "There may be more: not known after 2 states." in list(diff_markdown(found))
    assert json.loads(diff_document(found))["kinds"]["unknown"] == "not known after 2 states"


def test_keep_markers_that_are_gone_are_said_in_every_form() -> None:
    """They are a removal that no path shows."""
    found = _review(_policies(settings="keep_markers: [.hold]"), _policies())
    line = "everything below a directory with an entry `.hold`: kept → as if there were no such entry"
    assert f"  {line}" in list(diff_lines(found))
    assert f"- {line}" in list(diff_markdown(found))
    assert json.loads(diff_document(found))["kinds"]["markers"] == [".hold"]


def test_the_document_holds_a_witness_for_each_difference() -> None:
    """Enough to look for such files."""
    (found,) = json.loads(diff_document(_review(_policies(), _policies(STRAYS))))["kinds"]["differences"]
    assert found["effect"] == "goes"
    assert found["patterns"] == [[["*.part"]]]
    assert found["before"]["action"] == "keep"
    assert (found["after"]["action"], found["after"]["age_ns"], found["after"]["rules"]) == (
        "trash",
        7 * DAY,
        ["strays"],
    )
    assert found["witness"] == {
        "path": ".part",
        "job_type": None,
        "status": None,
        "file_type": None,
        "bytes": 0,
        "age_counts_from": None,
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change(Part.LAYOUT, "clip", None, "", "clip.yaml:4"), "  ~ layout `clip` is new (clip.yaml:4)"),
        (Change(Part.LAYOUT, "clip", "", None, "clip.yaml:4"), "  ~ layout `clip` is gone (clip.yaml:4)"),
        (Change(Part.GUARANTEE, "films", "", "", "g.yaml:4"), "  ~ guarantee `films` is another one (g.yaml:4)"),
        (Change(Part.SETTING, "trash.keep", "7d", "1d", ""), "  ~ setting `trash.keep`: 7d → 1d"),
        (Change(Part.RULE, "a", "It keeps.", None, "c.yaml:4"), "  - It keeps. (c.yaml:4)"),
    ],
)
def test_each_part_is_said_in_its_own_words(change: Change, expected: str) -> None:
    """A layout says too much for a line, a setting has two values, a rule a sentence."""
    assert list(diff_lines(Review("old", "new", (change,), NOTHING)))[-1] == expected


def test_a_long_list_ends() -> None:
    """A comment on a pull request has an end."""
    rules = [STRAYS.replace("strays", f"strays-{at}").replace("*.part", f"*.p{at:02d}") for at in range(23)]
    found = _review(_policies(), _policies(*rules), budget=1_000_000)
    lines = list(diff_markdown(found))
    assert lines.count("And 3 more.") == 2
    assert sum(line.startswith("- `*.p") for line in lines) == 20
    text = list(diff_lines(found))
    assert "    and 15 more: `--verbose` names them" in text
    assert sum(line.startswith("    `*.p") for line in text) == 8
    assert sum(line.startswith("    `*.p") for line in diff_lines(found, verbose=True)) == 23


def test_nothing_in_a_sentence_ends_its_block() -> None:
    """A pattern may hold any character."""
    change = Change(Part.RULE, "a", None, "It keeps `````x`````.", "")
    lines = list(diff_markdown(Review("old", "new", (change,), NOTHING)))
    assert [line for line in lines if line.startswith("````")] == ["````diff", "````"]
    assert not any("````" in line for line in lines if line.startswith("+"))
