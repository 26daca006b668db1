"""Lists of gitignore patterns and the one question about them: which pattern of the list decides about a path.

The last pattern of a list that matches the path, or a directory above it, decides.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from typing import Final

from rules_engine.policy.automaton import Automaton
from rules_engine.policy.gitignore import Line, Reading, parse_line
from rules_engine.policy.wildmatch import PatternError
from rules_engine.values.paths import RelPath

__all__ = ["PATHSPEC_VERSION", "PatternError", "PatternList", "Reading", "compile_lists", "parse_patterns"]

# Plain characters, stars and single slashes between names: whoever reads gitignore takes such a line for a pattern.
_BEYOND_DOUBT: Final = re.compile(r"!?/?(?:[\w.*?+=@%~:,-]+/)*[\w.*?+=@%~:,-]+/?", re.ASCII)


def _version_of_pathspec() -> str:
    """What it calls itself, read from the one file that says so: all of it takes longer to load than the policies."""
    package = find_spec("pathspec")
    origin = package.origin if package is not None else None
    spec = spec_from_file_location("pathspec._version", os.path.join(os.path.dirname(origin or ""), "_version.py"))
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("there is no pathspec", name="pathspec")
    version = module_from_spec(spec)
    spec.loader.exec_module(version)
    return str(version.__version__)


PATHSPEC_VERSION: Final = _version_of_pathspec()
"""Recorded in each plan: another version might refuse other lines."""


@dataclass(frozen=True)
class PatternList:
    """The patterns of one list, in order, and how they are read.

    Raises:
        PatternError: for the first pattern that cannot be one; its `index` says which.
    """

    texts: tuple[str, ...]
    reading: Reading
    lines: tuple[Line, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        lines = tuple(_parse(text, self.reading, index) for index, text in enumerate(self.texts))
        object.__setattr__(self, "lines", lines)

    @cached_property
    def _automaton(self) -> Automaton:
        # Made when it is asked for: most lists are only asked together with others.
        return Automaton([self.lines])

    def match(self, path: RelPath, *, is_directory: bool = False) -> int | None:
        """The index of the pattern that decides about `path` and selects it; None where it is not selected."""
        answer = self._automaton.answer(path, is_directory=is_directory)
        return answer.lines[0] if answer.selected else None

    @property
    def selects_everything(self) -> bool:
        """Whether some pattern, not narrowed by a later `!`, selects every file below the root."""
        return any(
            line.is_everything and not any(later.negated for later in self.lines[index + 1 :])
            for index, line in enumerate(self.lines)
        )


def parse_patterns(texts: Sequence[str], reading: Reading) -> PatternList:
    """The list of patterns that `texts` writes.

    Raises:
        PatternError: for the first pattern that cannot be one; its `index` says which.
    """
    return PatternList(tuple(texts), reading)


def compile_lists(lists: Sequence[PatternList]) -> Automaton:
    """One automaton over many lists; its answers speak of them by their places in `lists`."""
    return Automaton([one.lines for one in lists])


def check_with_pathspec(line: str, *, negated: bool, text: str, index: int) -> None:
    """Refuse a line that the well-known reader would skip, or would read with the other sign.

    Raises:
        PatternError: with `text` and `index`, where pathspec disagrees.
    """
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # noqa: PLC0415 - slow, and seldom asked

    try:
        # What it makes of the line is not compiled: it validates, and the automaton decides.
        _, include = GitIgnoreSpecPattern.pattern_to_regex(line)
    except ValueError as err:
        raise PatternError(text, "is not a gitignore pattern", "write a simpler pattern", index) from err
    if include is not (not negated):
        raise PatternError(text, "could never match", "write a simpler pattern", index)


def _parse(text: str, reading: Reading, index: int) -> Line:
    """The pattern `text`, which pathspec takes for a pattern with the same sign too."""
    try:
        line = parse_line(text, reading)
    except PatternError as err:
        raise PatternError(text, err.why, err.help_text, index) from None
    # Bracket expressions are ours alone: pathspec reads `[[:digit:]]`, `[\]]` and `[a/b]` otherwise than git.
    if _BEYOND_DOUBT.fullmatch(line.simple) is None:
        check_with_pathspec(line.simple, negated=line.negated, text=text, index=index)
    return line
