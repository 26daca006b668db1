"""The two other readers of gitignore: git itself, asked about many lists in one process, and pathspec."""

import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from pathspec import GitIgnoreSpec

from rules_engine.values.paths import RelPath, to_bytes


class Question(NamedTuple):
    """A path, and whether a directory stands there."""

    path: RelPath
    is_directory: bool = False

    @property
    def above(self) -> "Iterator[Question]":
        """The directories above it, outermost first."""
        parts = self.path.split("/")
        for count in range(1, len(parts)):
            yield Question(RelPath("/".join(parts[:count])), is_directory=True)


Asked: TypeAlias = tuple[Sequence[str], Sequence[Question]]
"""The lines of one ignore file, and what to ask about them."""


def ask_git(asked: Sequence[Asked]) -> list[list[int]]:
    """Of each question the last line that git names, also one with `!`; -1 where it names none."""
    # Thousands of folders are made and removed, which is fifty times as fast in memory.
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - a directory of our own is made in it
    with tempfile.TemporaryDirectory(dir=memory) as place:
        git = ["git", "-c", "core.excludesFile=/dev/null", "-c", "core.ignoreCase=false", "-C", place]
        subprocess.run([*git, "init", "-q", "--template="], check=True)
        paths = [
            path for number, (lines, questions) in enumerate(asked) for path in _write(place, number, lines, questions)
        ]
        answer = subprocess.run(
            [*git, "check-ignore", "--no-index", "--verbose", "--non-matching", "-z", "--stdin"],
            input=b"".join(path + b"\0" for path in paths),
            stdout=subprocess.PIPE,
            check=False,  # 1 says that nothing is ignored
        )
    assert answer.returncode in {0, 1}
    fields = answer.stdout.split(b"\0")[:-1]
    assert fields[3::4] == paths
    found = iter(int(line) - 1 if line else -1 for line in fields[1::4])
    return [[next(found) for _ in questions] for _, questions in asked]


def _write(place: str, number: int, lines: Sequence[str], questions: Sequence[Question]) -> list[bytes]:
    """Write one ignore file and the directories that are asked about, each kind of question in its own folder."""
    # A path may be asked about as a file here and as a directory there, so the two must not share a folder.
    folders = {is_directory: b"%d%s" % (number, b"d" if is_directory else b"f") for is_directory in (False, True)}
    for is_directory in {question.is_directory for question in questions}:
        folder = os.path.join(os.fsencode(place), folders[is_directory])
        os.mkdir(folder)
        with open(os.path.join(folder, b".gitignore"), "wb") as file:
            file.writelines(to_bytes(line) + b"\n" for line in lines)
    paths = []
    for question in questions:
        path = folders[question.is_directory] + b"/" + to_bytes(question.path)
        if question.is_directory:
            os.makedirs(os.path.join(os.fsencode(place), path), exist_ok=True)
        paths.append(path)
    return paths


@dataclass(frozen=True, slots=True)
class Pathspec:
    """The answers of pathspec with its own backend, which needs nothing but Python."""

    spec: GitIgnoreSpec | None

    @classmethod
    def reading(cls, lines: Sequence[str]) -> "Pathspec":
        """What it reads in these lines; None inside where it refuses them."""
        try:
            with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of `re`, about `[[`
                return cls(GitIgnoreSpec.from_lines(lines, backend="simple"))
        except ValueError:
            return cls(None)
        except Exception as err:
            # A range that runs backwards ends in the error of Python's `re`.
            if type(err).__module__ != "re":
                raise
            return cls(None)

    def decides(self, question: Question) -> tuple[bool, int]:
        """Whether it ignores the path, and the line that it names; -1 where it names none."""
        if self.spec is None:
            return False, -1
        found = self.spec.check_file(question.path + ("/" if question.is_directory else ""))
        return bool(found.include), -1 if found.index is None else found.index
