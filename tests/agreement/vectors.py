"""Patterns beside texts that readers of gitignore get wrong, and what git says of each pair."""

from pathlib import Path
from typing import Final, NamedTuple

from judges import Question, ask_git

from rules_engine.values.paths import RelPath

VECTORS: Final = Path(__file__).parents[1] / "cases" / "patterns" / "vectors.txt"
_ANSWERS: Final = {True: "yes", False: "no"}


class Vector(NamedTuple):
    """A line alone in an ignore file, a path, and whether git ignores that; None where nobody asked yet."""

    pattern: str
    path: str
    ignored: bool | None


def read_vectors() -> list[Vector]:
    """The pairs of the file, in its order."""
    found = []
    for line in VECTORS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("== "):
            answer, pattern, path = line.split("\t")
            found.append(Vector(pattern, path, {"yes": True, "no": False}.get(answer)))
    return found


def ask_vectors(vectors: list[Vector]) -> list[Vector]:
    """The same pairs with what the installed git says."""
    answers = ask_git([([one.pattern], [Question(RelPath(one.path))]) for one in vectors])
    return [one._replace(ignored=line >= 0) for one, (line,) in zip(vectors, answers, strict=True)]


def write_vectors(vectors: list[Vector]) -> None:
    """Put the answers into the file."""
    answers = iter(vectors)
    lines = []
    for line in VECTORS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("== "):
            one = next(answers)
            lines.append(f"{_ANSWERS[bool(one.ignored)]}\t{one.pattern}\t{one.path}")
        else:
            lines.append(line)
    VECTORS.write_text("\n".join(lines) + "\n", encoding="utf-8")
