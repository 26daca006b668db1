"""Lists of real `.gitignore` files, and paths made from their lines: such that fit, and such that almost do."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from drawn_patterns import is_accepted
from judges import Question
from readings import TOKEN, Case

from rules_engine.policy.patterns import Reading, parse_patterns
from rules_engine.values.paths import RelPath

CORPUS: Final = Path(__file__).parents[1] / "cases" / "patterns" / "real_lines.txt"
_STARS: Final = ("", "x", "1", "a.b", "Debug", "é")
_DIRECTORIES: Final = ("src", "deps/v8", "node_modules", "packages/build", ".hidden", "Debug")


def real_lists() -> list[list[str]]:
    """The lines of each list of the corpus."""
    blocks = CORPUS.read_text(encoding="utf-8").split("\n\n")
    return [[line for line in block.splitlines() if not line.startswith("== ")] for block in blocks]


def anchored(line: str) -> str:
    """The line as this program wants it: a slash inside begins at the root, which git does silently."""
    sign, rest = ("!", line[1:]) if line.startswith("!") else ("", line)
    if "/" in rest.removesuffix("/") and not rest.startswith(("/", "**/")):
        return f"{sign}/{rest}"
    return line


def real_cases(chance: random.Random, each: int) -> Iterator[Case]:
    """Each list as a removal rule reads it, and without its `!` as a keep rule does, with so many paths a line."""
    for lines in real_lists():
        texts = [anchored(line) for line in lines]
        for reading in Reading:
            chosen = [text for text in texts if is_accepted(text, reading)]
            for first in range(0, len(chosen), 8):
                part = chosen[first : first + 8]
                paths = {path for text in part for path in paths_around(chance, text, each)}
                questions = tuple(Question(path, chance.random() < 0.2) for path in sorted(paths))
                yield Case(parse_patterns(part, reading), questions)


def paths_around(chance: random.Random, line: str, count: int) -> Iterator[RelPath]:
    """Paths that the line matches, or would but for a letter, a directory more or less, or what stands below."""
    body = line.removeprefix("!").strip("/")
    for _ in range(count):
        path = "/".join(_name(chance, part) for part in body.split("/"))
        path = chance.choice([path, path, path, path.swapcase(), path[:-1], f"{path}x"])
        path = chance.choice([path, path, f"{path}/{chance.choice(['f.txt', '.keep', 'a/b.o'])}"])
        if chance.random() < 0.4:
            path = f"{chance.choice(_DIRECTORIES)}/{path}"
        # git itself reads entries of these two names.
        parts = [part for part in path.split("/") if part.strip(".") and part not in {".git", ".gitignore"}]
        yield RelPath("/".join(parts) or "x")


def _name(chance: random.Random, part: str) -> str:
    """A name that the part of a pattern might match."""
    if part == "**":
        return chance.choice(["", "d", "d/e"])
    plain = TOKEN.sub(lambda found: chance.choice(found[0].strip("[]!^\\") or "]"), part)
    return "".join(chance.choice(_STARS) if char == "*" else "q" if char == "?" else char for char in plain)
