"""Patterns that gitignore would skip, that could never match, or that would surprise: each with why and help."""

import pickle

import pytest

from rules_engine.policy.patterns import PatternError, Reading, check_with_pathspec, parse_patterns

NO_BRACKET = "has a `[` without its `]`, so it could never match"
BRACKET_HELP = r"write `\[` for a name with a bracket in it"
NO_COMPONENT = "which no path below the root has"
FROM_ROOT = "write the path from the root, beginning with `/`"
NO_BYTES = "has brackets that no byte fits, so it could never match"

SHORTER = "write a shorter name, or `*` for a part of it"

REFUSED = [
    ("", "is blank", "drop the entry, or write a pattern such as `temp_*`"),
    ("  \t", "is blank", "drop the entry, or write a pattern such as `temp_*`"),
    ("# a", "is a comment in gitignore", r"write `\#` for a name that begins with `#`"),
    ("a\nb", "has a line break or a NUL in it", "write `?` in its place"),
    ("a\0b", "has a line break or a NUL in it", "write `?` in its place"),
    ("a\r", "has a line break or a NUL in it", "write `?` in its place"),
    ("a ", "ends in a space, which gitignore drops", r"drop the space, or write `\ ` for a name that ends in one"),
    ("!", "negates nothing", "write a pattern behind the `!`"),
    ("/", "names the root itself", "write `/**` for everything below the root"),
    ("//", "names the root itself", "write `/**` for everything below the root"),
    ("!/", "names the root itself", "write `/**` for everything below the root"),
    ("/a//b", "has an empty component, so it could never match", "write single slashes"),
    ("a//", "has an empty component, so it could never match", "write single slashes"),
    (".", f"has the component `.`, {NO_COMPONENT}", FROM_ROOT),
    ("..", f"has the component `..`, {NO_COMPONENT}", FROM_ROOT),
    ("../x", f"has the component `..`, {NO_COMPONENT}", FROM_ROOT),
    ("/a/../b", f"has the component `..`, {NO_COMPONENT}", FROM_ROOT),
    (r"/a/\.\./b", rf"has the component `\.\.`, {NO_COMPONENT}", FROM_ROOT),
    ("a\\", "ends in a backslash that escapes nothing", r"write `\\` for a backslash"),
    ("a\\/", "ends in a backslash that escapes nothing", r"write `\\` for a backslash"),
    (r"/a\/b", "has a backslash before a slash", "drop the backslash; a slash needs no escape"),
    ("[", NO_BRACKET, BRACKET_HELP),
    ("a[b", NO_BRACKET, BRACKET_HELP),
    ("[!]", NO_BRACKET, BRACKET_HELP),
    ("[]", NO_BRACKET, BRACKET_HELP),
    (r"[a\]", NO_BRACKET, BRACKET_HELP),
    ("[[:alpha:]", NO_BRACKET, BRACKET_HELP),
    ("[b-a]", "has the range `b-a`, which runs backwards and so holds nothing", "write `a-b`"),
    (r"[a-\]]", "has the range `a-]`, which runs backwards and so holds nothing", "write `]-a`"),
    ("/a[/]", NO_BYTES, "drop the pattern"),
    (
        "[é]",
        "has a character outside ASCII between brackets, where git compares single bytes",
        "write one pattern for each such character, or `*` in its place",
    ),
    ("a" * 256, "asks for a name of more than 255 bytes, so it could never match", SHORTER),
    ("é" * 600, "is longer than 1024 bytes", "write several shorter patterns"),
    (
        "shorts/*.mkv",
        "has a slash inside but begins with neither `/` nor `**/`",
        "write `/shorts/*.mkv` for one place below the root, or `**/shorts/*.mkv` for any depth",
    ),
    (
        "!a/b/",
        "has a slash inside but begins with neither `/` nor `**/`",
        "write `!/a/b/` for one place below the root, or `!**/a/b/` for any depth",
    ),
    (
        "[a/b]",
        "has a slash inside but begins with neither `/` nor `**/`",
        "write `/[a/b]` for one place below the root, or `**/[a/b]` for any depth",
    ),
    (
        "/home/ann/media/scratch/",
        "looks like a path of the host; patterns begin at the root",
        "write the path below the root; if the root has such a directory, write `/[h]ome/`",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "why", "help_text"), REFUSED)
def test_a_pattern_is_refused_with_why_and_help(pattern: str, why: str, help_text: str) -> None:
    """One typed error, whatever is wrong."""
    with pytest.raises(PatternError) as caught:
        parse_patterns(["ok", pattern], Reading.NARROW)
    assert (caught.value.why, caught.value.help_text, caught.value.index) == (why, help_text, 1)
    assert str(caught.value) == f"pattern `{pattern}` {why}"


def test_an_unknown_class_is_refused_with_the_known_ones() -> None:
    """A class of another name would never match."""
    with pytest.raises(PatternError) as caught:
        parse_patterns(["[[:digits:]]"], Reading.WIDE)
    assert caught.value.why == "has the class `[:digits:]`, which gitignore does not know"
    assert "`[:digit:]`" in caught.value.help_text


def test_a_negation_is_refused_where_nothing_may_be_taken_away() -> None:
    """A keep rule with `!` would protect less than it seems to."""
    with pytest.raises(PatternError) as caught:
        parse_patterns(["!a"], Reading.WIDE)
    assert caught.value.why == "begins with `!`, which only a removal rule's `match` may do"
    assert parse_patterns([r"\!a"], Reading.WIDE).texts == (r"\!a",)


def test_a_pattern_error_survives_a_pickle() -> None:
    """It crosses process pools with all that it says."""
    error = PatternError("[", NO_BRACKET, BRACKET_HELP, 3)
    copied = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (str(copied), copied.help_text, copied.index) == (str(error), BRACKET_HELP, 3)


@pytest.mark.parametrize(("line", "why"), [("a\\", "is not a gitignore pattern"), ("a[b", "could never match")])
def test_what_pathspec_would_skip_does_not_pass(line: str, why: str) -> None:
    """A second reader stands behind our own, for the day on which ours is wrong."""
    with pytest.raises(PatternError) as caught:
        check_with_pathspec(line, negated=False, text=line, index=2)
    assert (caught.value.why, caught.value.help_text, caught.value.index) == (why, "write a simpler pattern", 2)


def test_pathspec_must_agree_about_the_sign() -> None:
    """A line that one reader takes for a negation and the other does not decides nothing."""
    with pytest.raises(PatternError):
        check_with_pathspec("!a", negated=False, text="!a", index=0)
