"""Small lists of patterns and paths that they speak of, for comparing what is proved of them with z3."""

from hypothesis import strategies as st

from rules_engine.policy.patterns import Reading

NAMES = ("a", "b", "ab", "a.b", "é", "temp_x", "[x]", "A", "-", "x]", "\\", "*", "..a")
_PIECES = (
    "a",
    "b",
    "*",
    "?",
    "x",
    "temp_",
    "[ab]",
    "[!a]",
    "[a-c]",
    "[]x]",
    "[,-b]",
    ".",
    "é",
    r"\*",
    r"\[",
    "-",
    "[^b]",
)

components = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=2).map(
    # Versions of git disagree about `**` that is glued to a name, and `.` and `..` are no names.
    lambda parts: {"**": "*", ".": "a.", "..": "..a"}.get("".join(parts), "".join(parts))
)
"""One component of a pattern."""

_above = st.lists(components | st.just("**"), max_size=2)
_anchored = st.builds(
    lambda start, above, last, end: f"{start}{'/'.join([*above, last])}{end}",
    st.sampled_from(["/", "**/"]),
    _above,
    components,
    st.sampled_from(["", "/", "/**"]),
)
_floating = st.builds("{}{}".format, components, st.sampled_from(["", "/"]))

patterns = _floating | _anchored
"""One pattern without `!`."""

wide_lists = st.lists(patterns, min_size=1, max_size=2)
"""A list of a keep rule or a guarantee."""

narrow_lists = st.builds(
    lambda first, rest: [first, *rest],
    patterns,
    st.lists(st.builds("{}{}".format, st.sampled_from(["", "!"]), patterns), max_size=2),
)
"""A list of a removal rule."""

lists = st.tuples(narrow_lists, st.just(Reading.NARROW)) | st.tuples(wide_lists, st.just(Reading.WIDE))
"""A list and how it is read."""

paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
"""A path below the root."""
