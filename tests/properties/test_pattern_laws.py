"""Laws of pattern lists, with git itself as the judge."""

import os
import random
import subprocess
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.policy.patterns import PatternError, PatternList, Reading, parse_patterns
from rules_engine.values.paths import RelPath, to_bytes

NAMES = [
    "a", "b", "ab", "abc", "a.b", "aé", "é", "A", "[x]", "x]", "-", "a-b", "1", "\\", "!a", " a", "a ", "temp_x",
    "*", "\udcff", "..a", "\udcc3", "^", "#", "a\tb",
]  # fmt: skip
PIECES = [
    "a", "b", "*", "**", "?", "[ab]", "[!a]", "[a-c]", "[[:alpha:]]", "[[:digit:]x]", "[]a]", r"[\]x]", "[a/b]",
    r"\*", r"\[", ".", "é", "-", "x", "***", "[!]a]", "[^[:upper:]]", r"\a", "!", "[--b]", "[,-b]", "[a-]", "1",
    "[[:a]",
]  # fmt: skip
LISTS = 160
PATHS = 60


def make_pattern(chance: random.Random, *, negations: bool) -> str:
    """A pattern that git would read, with or without a `!`."""
    parts = [
        "**" if chance.random() < 0.25 else "".join(chance.choices(PIECES, k=chance.choice([1, 1, 2, 2, 3])))
        for _ in range(chance.choice([1, 1, 1, 2, 2, 3, 4]))
    ]
    sign = "!" if negations and chance.random() < 0.35 else ""
    return f"{sign}{chance.choice(['', '/', '**/', '/'])}{'/'.join(parts)}{chance.choice(['', '', '/', '/**'])}"


def make_list(chance: random.Random, reading: Reading, *, negations: bool) -> PatternList:
    """A list of one to four patterns that this program accepts."""
    texts: list[str] = []
    wanted = chance.randint(1, 4)
    while len(texts) < wanted:
        text = make_pattern(chance, negations=negations)
        try:
            parse_patterns([text], reading)
        except PatternError:
            continue
        texts.append(text)
    return parse_patterns(texts, reading)


def make_paths(chance: random.Random) -> list[RelPath]:
    """Paths of one to five components from a small set of hard names."""
    return sorted({RelPath("/".join(chance.choices(NAMES, k=chance.randint(1, 5)))) for _ in range(PATHS)})


def ask_git(repository: str, texts: Sequence[str], paths: Sequence[RelPath]) -> set[RelPath]:
    """The paths that git ignores under these patterns."""
    with open(os.path.join(repository, ".gitignore"), "wb") as file:
        file.writelines(to_bytes(text) + b"\n" for text in texts)
    answer = subprocess.run(
        ["git", "-C", repository, "check-ignore", "--no-index", "-z", "--stdin"],
        input=b"".join(to_bytes(path) + b"\0" for path in paths),
        stdout=subprocess.PIPE,
        check=False,  # 1 says that nothing is ignored
    )
    assert answer.returncode in {0, 1}
    ignored = set(answer.stdout.split(b"\0"))
    return {path for path in paths if to_bytes(path) in ignored}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An empty repository, without the user's own ignore file."""
    folder = str(tmp_path_factory.mktemp("repository"))
    subprocess.run(["git", "init", "-q", folder], check=True)
    subprocess.run(["git", "-C", folder, "config", "core.excludesFile", "/dev/null"], check=True)
    subprocess.run(["git", "-C", folder, "config", "core.ignoreCase", "false"], check=True)
    return folder


def has_glued_stars(text: str) -> bool:
    """Whether git versions disagree about the pattern: 2.53 changed `**` that is glued to a name."""
    return any("**" in part and part.strip("*") for part in text.split("/"))


def test_without_negation_the_wide_reading_is_gits(repository: str) -> None:
    """About 9 000 generated pairs: the same paths are selected, byte for byte."""
    chance = random.Random(20260301)  # noqa: S311 - reproducible, not secret
    pairs = selected = 0
    for _ in range(LISTS):
        patterns = make_list(chance, Reading.WIDE, negations=False)
        paths = make_paths(chance)
        ours = {path for path in paths if patterns.match(path) is not None}
        theirs = ask_git(repository, patterns.texts, paths)
        pairs, selected = pairs + len(paths), selected + len(ours)
        # Where git versions disagree, protecting means taking what any of them takes.
        assert ours >= theirs, patterns.texts
        assert ours == theirs or any(map(has_glued_stars, patterns.texts)), patterns.texts
    assert pairs > 5000
    assert selected > pairs / 10


def test_with_negation_the_narrow_reading_never_selects_more_than_git(repository: str) -> None:
    """About 9 000 generated pairs: whatever a removal rule takes, git would ignore too."""
    chance = random.Random(20260302)  # noqa: S311 - reproducible, not secret
    pairs = selected = 0
    for _ in range(LISTS):
        patterns = make_list(chance, Reading.NARROW, negations=True)
        paths = make_paths(chance)
        ours = {path for path in paths if patterns.match(path) is not None}
        pairs, selected = pairs + len(paths), selected + len(ours)
        assert ours <= ask_git(repository, patterns.texts, paths), patterns.texts
    assert pairs > 5000
    assert selected > pairs / 20


components = st.sampled_from([*NAMES, "temp_a", "x"])
paths_below = st.lists(components, min_size=1, max_size=6).map(lambda parts: RelPath("/".join(parts)))
seeds = st.integers(0, 2**32)


@settings(max_examples=150, deadline=None)
@given(seeds, st.lists(paths_below, min_size=1, max_size=20))
def test_the_narrow_reading_selects_no_more_than_the_wide_one(seed: int, paths: list[RelPath]) -> None:
    """Without `!`, what a removal rule takes a keep rule with the same patterns would protect."""
    texts = make_list(random.Random(seed), Reading.WIDE, negations=False).texts  # noqa: S311 - reproducible
    narrow, wide = parse_patterns(texts, Reading.NARROW), parse_patterns(texts, Reading.WIDE)
    assert all(wide.match(path) is not None for path in paths if narrow.match(path) is not None)


@settings(max_examples=150, deadline=None)
@given(seeds, st.lists(paths_below, min_size=2, max_size=20), st.randoms())
def test_the_answer_does_not_depend_on_what_was_asked_before(
    seed: int, paths: list[RelPath], order: random.Random
) -> None:
    """What is remembered of directories changes no answer."""
    patterns = make_list(random.Random(seed), Reading.NARROW, negations=True)  # noqa: S311 - reproducible
    fresh = {path: PatternList(patterns.texts, patterns.reading).match(path) for path in paths}
    order.shuffle(paths)
    assert {path: patterns.match(path) for path in paths} == fresh


@settings(max_examples=150, deadline=None)
@given(seeds, st.lists(paths_below, min_size=1, max_size=20))
def test_the_last_pattern_that_matches_alone_decides_in_the_list(seed: int, paths: list[RelPath]) -> None:
    """A wide list answers with the last of its patterns that selects the path by itself."""
    patterns = make_list(random.Random(seed), Reading.WIDE, negations=False)  # noqa: S311 - reproducible
    alone = [parse_patterns([text], Reading.WIDE) for text in patterns.texts]
    for path in paths:
        matching = [index for index, one in enumerate(alone) if one.match(path) is not None]
        assert patterns.match(path) == (matching[-1] if matching else None)


@settings(max_examples=150, deadline=None)
@given(seeds, st.lists(paths_below, min_size=1, max_size=20))
def test_adding_a_negation_never_selects_more(seed: int, paths: list[RelPath]) -> None:
    """A `!` at the end of a list only takes away."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    patterns = make_list(chance, Reading.NARROW, negations=True)
    added = "!" + make_list(chance, Reading.NARROW, negations=False).texts[0]
    try:
        longer = parse_patterns([*patterns.texts, added], Reading.NARROW)
    except PatternError:  # `!` before a bare `!` name
        return
    assert all(longer.match(path) in {None, patterns.match(path)} for path in paths)
