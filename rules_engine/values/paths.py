"""Paths below a root: how they are written, checked, split and ordered."""

from collections.abc import Sequence
from typing import Final, NewType

from rules_engine.errors import InvalidValueError

RelPath = NewType("RelPath", str)
"""A normalised POSIX path below a root: no leading `/`, no empty part, no `.`, no `..`; the root itself is ``.

Bytes that are not UTF-8 are kept as surrogate escapes, so every name round-trips.
"""

ROOT: Final = RelPath("")
LONGEST_NAME: Final = 255
"""Bytes in one component, on every filesystem that this tool meets."""
NOT_A_NAME: Final = frozenset({"", ".", ".."})
"""Texts without a slash that name no entry of a directory."""


class InvalidPathError(InvalidValueError):
    """A path that cannot be a path below the root."""


def parse_relpath(text: str) -> RelPath:
    """The path that `text` writes, relative to the root.

    Raises:
        InvalidPathError: for an absolute path, an empty part, `.`, `..`, a NUL, a name over 255 bytes, or one
            that the disk would read back as another.
    """
    # A job may declare a hundred thousand paths, nearly all of them short and in ASCII; the rest is looked at part by
    # part, for the reason.
    if len(text) <= LONGEST_NAME and text.isascii():
        parts = f"/{text}/"
        if "//" not in parts and "/./" not in parts and "/../" not in parts and "\0" not in parts:
            return RelPath(text)
    if not text:
        raise InvalidPathError("path", text, "is empty")
    if text.startswith("/"):
        raise InvalidPathError("path", text, "is absolute; write it relative to the root")
    for part in text.split("/"):
        _check_part(text, part)
    return RelPath(text)


def _check_part(text: str, part: str) -> None:
    if part in {"", ".", ".."}:
        raise InvalidPathError("path", text, f"has a part that is {part or 'empty'}")
    if "\0" in part:
        raise InvalidPathError("path", text, "has a NUL in it")
    try:
        raw = to_bytes(part)
    except UnicodeEncodeError as err:
        raise InvalidPathError("path", text, "has a character that no name on a disk can have") from err
    if len(raw) > LONGEST_NAME:
        raise InvalidPathError("path", text, f"has a name of more than {LONGEST_NAME} bytes")
    if not part.isascii() and from_bytes(raw) != part:
        # Two spellings of one name would be two files to everything but the disk.
        raise InvalidPathError("path", text, "writes UTF-8 as if it were none")


def to_bytes(text: str) -> bytes:
    """The bytes of a path or name as the disk has them."""
    return text.encode("utf-8", "surrogateescape")


def from_bytes(raw: bytes) -> str:
    """The text of a path or name that the disk has as `raw`."""
    return raw.decode("utf-8", "surrogateescape")


def sort_key(path: str) -> bytes:
    """The key that orders paths component by component, as bytes: a directory before what lies in it."""
    return to_bytes(path).replace(b"/", b"\0")


def join(directory: RelPath, name: str) -> RelPath:
    """The path of `name` in `directory`."""
    return RelPath(f"{directory}/{name}") if directory else RelPath(name)


def parent(path: RelPath) -> RelPath:
    """The directory that holds `path`; of a single component, the root."""
    return RelPath(path.rpartition("/")[0])


def name_of(path: RelPath) -> str:
    """The last component of `path`."""
    return path.rpartition("/")[2]


def are_names(texts: Sequence[str]) -> bool:
    """Whether each text is the name of one directory entry: one look at all of them, however many they are."""
    # No name has a NUL in it: between them it stands for the end of each.
    together = "\0".join(texts)
    return "/" not in together and together.count("\0") == len(texts) - 1 and NOT_A_NAME.isdisjoint(texts)


def ancestors(path: RelPath) -> tuple[RelPath, ...]:
    """Every directory above `path`, nearest first, without the root."""
    found: list[RelPath] = []
    above = parent(path)
    while above:
        found.append(above)
        above = parent(above)
    return tuple(found)


def is_below(path: RelPath, directory: RelPath) -> bool:
    """Whether `path` lies below `directory` at any depth; a directory is not below itself."""
    return bool(path) if not directory else path.startswith(f"{directory}/")


def is_at_or_below(path: RelPath, directory: RelPath) -> bool:
    """Whether `path` is `directory` or lies below it."""
    return path == directory or is_below(path, directory)


def relative(path: RelPath, directory: RelPath) -> str:
    """How `path` is written from `directory`, as the target of a link there."""
    there = path.split("/")
    here = directory.split("/") if directory else []
    common = 0
    while common < min(len(there) - 1, len(here)) and there[common] == here[common]:
        common += 1
    return "/".join([".."] * (len(here) - common) + there[common:])
