"""Paths, names, diagnostics, words and counts, case by case."""

import pytest

from rules_engine.errors import InvalidValueError
from rules_engine.values.diagnostics import Diagnostic, Severity, Span
from rules_engine.values.names import decode_name
from rules_engine.values.paths import ROOT, InvalidPathError, RelPath, is_below, parse_relpath, relative
from rules_engine.values.text import escape, plural
from rules_engine.values.vocabulary import (
    DEFAULT_CLEANUP,
    DirectoryType,
    FileType,
    JobStatus,
    JobType,
)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("/etc", "is absolute; write it relative to the root"),
        ("a//b", "has a part that is empty"),
        ("a/", "has a part that is empty"),
        ("./a", "has a part that is ."),
        ("a/../b", "has a part that is .."),
        ("a\0b", "has a NUL in it"),
        ("ü" * 128, "has a name of more than 255 bytes"),
        ("a\ud800", "has a character that no name on a disk can have"),
        ("a/\udcc3\udca9", "writes UTF-8 as if it were none"),
    ],
)
def test_what_is_no_path_below_the_root_is_refused(text: str, why: str) -> None:
    """The refusal says which of the conditions the path breaks."""
    with pytest.raises(InvalidPathError) as caught:
        parse_relpath(text)
    assert str(caught.value) == f"path `{text}` {why}"


def test_the_root_lies_above_all_but_itself() -> None:
    """The root is written as nothing."""
    assert is_below(RelPath("a"), ROOT)
    assert not is_below(ROOT, ROOT)


def test_a_link_climbs_no_higher_than_it_must() -> None:
    """A link in `jobs/failed` to an output goes up two directories and down again."""
    assert relative(RelPath("out/suits/ko"), RelPath("jobs/failed")) == "../../out/suits/ko"
    assert relative(RelPath("out/suits"), RelPath("out/suits")) == "../suits"


@pytest.mark.parametrize("written", [{"bytes": 5}, {"bytes": "ff", "more": "1"}, {"name": "a"}, None, 7])
def test_a_map_that_is_no_name_is_refused(written: object) -> None:
    """Only the one key, with text in it, is a name."""
    with pytest.raises(InvalidValueError, match="is neither text nor bytes in hex"):
        decode_name(written)


@pytest.mark.parametrize(
    ("raw", "why"), [("zz", "is not bytes in hex"), ("61", "is UTF-8 and must be written as text")]
)
def test_bytes_that_are_no_name_are_refused(raw: str, why: str) -> None:
    """One name has one spelling, or two lines about one file would not compare equal."""
    with pytest.raises(InvalidValueError) as caught:
        decode_name({"bytes": raw})
    assert str(caught.value) == f"name `{raw}` {why}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\rc\td", "a\\nb\\rc\\td"),
        ("\x1b[2J\x7f\x9b", "\\x1b[2J\\x7f\\x9b"),
        ("b\udcff", "b\\xff"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ("\ud800", "\\ud800"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("ü 漢字 🎬", "ü 漢字 🎬"),
    ],
)
def test_what_a_terminal_would_obey_is_spelled_out(text: str, shown: str) -> None:
    """A reviewer sees every character that could move the cursor or hide a part of a name."""
    assert escape(text) == shown


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries"), (12_345, "12 345 entries")]
)
def test_a_count_has_its_noun(count: int, text: str) -> None:
    """Thousands are set apart by a space."""
    assert plural(count, "entry", "entries") == text


def test_most_nouns_take_an_s() -> None:
    """The plural need not be said where it only adds a letter."""
    assert (plural(1, "file"), plural(3, "file")) == ("1 file", "3 files")


def test_diagnostics_are_ordered_by_place() -> None:
    """Findings stand in the order of the text; those without a place come first."""
    late = Diagnostic("P001", "x", Span("b.yaml", 1, 1, 1, 2))
    early = Diagnostic("P009", "x", Span("a.yaml", 9, 1, 9, 2))
    nowhere = Diagnostic("P009", "x", None, severity=Severity.WARNING)
    assert sorted((late, early, nowhere), key=lambda one: one.order) == [nowhere, early, late]
    assert str(early.span) == "a.yaml:9:1"


def test_an_abandoned_job_counts_as_failed() -> None:
    """Every other status counts as itself."""
    assert [one.counts_as for one in JobStatus] == [
        JobStatus.RUNNING,
        JobStatus.COMPLETED,
        JobStatus.FAILED,
        JobStatus.FAILED,
        JobStatus.UNTRUSTED,
    ]


def test_the_vocabulary_is_open() -> None:
    """A policy's own word is as good as one that ships."""
    assert JobType("radio") != JobType.SHORT_FORM == "short_form"
    assert FileType("jingle") != FileType.UNDECLARED == "undeclared"
    assert DirectoryType("takes") != DirectoryType.TEMP == "temp"


def test_the_default_cleanup_policy_is_the_seeds() -> None:
    """A day of retention, failures always preserved, off in debug mode."""
    assert DEFAULT_CLEANUP.enabled
    assert DEFAULT_CLEANUP.debug_mode_disables
    assert DEFAULT_CLEANUP.file_types is None
