"""The recipes of docs/how-to/ as values: their blocks, and what their hidden comments say; without a test of its own.

A recipe is a section with a block. `<!-- setup … -->` says what is on the disk before it, in YAML; `<!-- expect … -->`
says what goes and what stays by the plan that is made after its last block, and what is gone and there by then.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

REPOSITORY: Final = Path(__file__).parents[2]
FOLDER: Final = REPOSITORY / "docs" / "how-to"
INDEX: Final = FOLDER / "README.md"

_PART = re.compile(
    r"^<!-- (?P<word>setup|expect)\n(?P<said>.*?)^-->$|^```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_NAMED = re.compile(r"\A(?:#!.*\n)?# (\S+\.(?:ya?ml|sh|py|sbatch|crontab))\n")
_EXIT = re.compile(r"  # exits with (\d+)$")


@dataclass(frozen=True)
class Command:
    """One command of a console block, how it is to end, and what it is to print."""

    line: str
    code: int
    output: tuple[str, ...]

    @property
    def pattern(self) -> str:
        """A regular expression for the whole output: `...` is any text, on a line of its own any lines."""
        return "".join(
            r"(?:.*\n)*?" if line.strip() == "..." else ".*?".join(map(re.escape, line.split("..."))) + r" *\n"
            for line in self.output
        )


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the file that its first line names, if it does."""

    language: str
    text: str

    @property
    def file(self) -> str | None:
        """The name of a file in a comment at its top."""
        found = _NAMED.match(self.text)
        return found[1] if found else None

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands of a console block, in order."""
        found: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.startswith("> ") and not found[-1][1]:
                found[-1] = (f"{found[-1][0]}\n{line[2:]}", [])
            else:
                found[-1][1].append(line)
        return tuple(_command(line, output) for line, output in found)


@dataclass(frozen=True)
class Recipe:
    """One section: what is to be done, what is there before, the blocks, and what they must do."""

    page: str
    title: str
    setup: dict[str, Any]
    blocks: tuple[Block, ...]
    expect: dict[str, Any]
    prose: str

    @property
    def anchor(self) -> str:
        """The link to it, as GitHub makes it from a heading."""
        kept = re.sub(r"[^\w\- ]", "", self.title.lower())
        return f"{self.page}#{kept.replace(' ', '-')}"


def _command(line: str, output: list[str]) -> Command:
    code = _EXIT.search(line)
    return Command(line, int(code[1]) if code else 0, tuple(output))


def _recipe(page: Path, section: str) -> Recipe | None:
    title, _, text = section.partition("\n")
    said: dict[str, dict[str, Any]] = {"setup": {}, "expect": {}}
    blocks = []
    for part in _PART.finditer(text):
        if part["word"]:
            said[part["word"]] = yaml.safe_load(part["said"]) or {}
        else:
            blocks.append(Block(part["language"], part["text"]))
    if not blocks:
        return None
    return Recipe(page.name, title.strip(), said["setup"], tuple(blocks), said["expect"], _PART.sub("", text).strip())


def read_recipes() -> Iterator[Recipe]:
    """Every recipe of every page that is one: a page whose sections have expectations."""
    for page in sorted(FOLDER.glob("*.md")):
        text = page.read_text("utf-8")
        if page == INDEX or "<!-- expect\n" not in text:
            continue
        for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
            recipe = _recipe(page, section)
            if recipe is not None:
                yield recipe
