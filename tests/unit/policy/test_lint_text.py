"""A value that a comment cuts short is found in the text, since nothing else remembers it."""

import pytest

from rules_engine.policy.lint_text import find_cut_values

CUT = "` #b` is a comment to YAML, so the value ends before it"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("key: a #b", "f:1:8"),
        ("key: don't #b", "f:1:12"),
        ("- [a, b #b", "f:1:9"),
        ("x: 1\nkey: a #b", "f:2:8"),
        ("key: |\n  a #c\n\n  d #e\nkey: a #b", "f:5:8"),
        ("key: 'it''s' \nkey: a #b", "f:2:8"),
    ],
)
def test_an_unquoted_value_before_a_comment_without_a_space_is_named(text: str, place: str) -> None:
    """The place is the comment, and the help says both ways out."""
    (found,) = find_cut_values("f", text)
    assert (found.code, str(found.span), found.message) == ("W506", place, CUT)
    assert found.help_text == "put the value in quotes; or write a space behind the `#` of a comment"


@pytest.mark.parametrize(
    "text",
    [
        "key: a # b",
        'key: "a #b"',
        'key: "a" #b',
        "key: 'it''s #b'",
        'key: "a \\" #b"',
        "key: a#b",
        "#b",
        "  #b",
        "key: #b",
        "key: [a] #b",
        "key: {a: b} #b",
        "key: a ##",
        "key: |\n  a #b\n\n  c #d",
        "key: > # why\n  a #b",
        'key: "a\n  b #c"',
        "key: a #",
    ],
)
def test_what_is_quoted_or_looks_like_a_comment_is_not(text: str) -> None:
    """A wrong warning on every second comment would not be read."""
    assert list(find_cut_values("f", text)) == []
