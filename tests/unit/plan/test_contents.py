"""What a directory that goes whole adds up to."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules_engine.plan.contents import Contents
from rules_engine.values.paths import RelPath, from_bytes
from rules_engine.values.vocabulary import EntryKind

TOP = RelPath("")
NAMES = st.binary(min_size=1, max_size=4).filter(lambda raw: b"\0" not in raw and b"/" not in raw).map(from_bytes)


def add(contents: Contents, name: str = "a", below: RelPath = TOP, **fields: Any) -> None:
    """Add a regular file of ten bytes."""
    values: dict[str, Any] = {
        "kind": EntryKind.FILE, "inode": 7, "size": 10, "mtime_ns": 1, "ctime_ns": 2, "nlink": 1,
    }  # fmt: skip
    contents.add_file(below, name, **(values | fields))


def digest(**fields: Any) -> str:
    """The digest of a directory with one such file."""
    contents = Contents()
    contents.add_directory(TOP, 5)
    add(contents, **fields)
    return contents.digest()


def test_files_and_bytes_are_added_up() -> None:
    """A size that cannot be read adds a file and no bytes."""
    contents = Contents()
    contents.add_directory(TOP, 5)
    add(contents)
    add(contents, "b", size=None)
    assert (contents.files, contents.bytes) == (2, 10)


@pytest.mark.parametrize(
    "other",
    [
        {"name": "b"}, {"below": RelPath("a")}, {"kind": EntryKind.LINK}, {"inode": 8}, {"size": 11}, {"size": None},
        {"mtime_ns": 2}, {"ctime_ns": 3},
    ],
)  # fmt: skip
def test_any_other_entry_is_another_content(other: dict[str, Any]) -> None:
    """Kind, inode, size and both times count, and where an entry lies."""
    assert digest(**other) != digest()


def test_the_ctime_of_a_file_with_two_names_does_not_count() -> None:
    """Whoever removes the other name changes it."""
    assert digest(nlink=2, ctime_ns=3) == digest(nlink=2, ctime_ns=4)


def test_another_directory_is_another_content() -> None:
    """A directory counts by its inode, also one that holds nothing."""
    first, second, without = Contents(), Contents(), Contents()
    first.add_directory(TOP, 1)
    second.add_directory(TOP, 2)
    without.add_directory(TOP, None)
    assert len({first.digest(), second.digest(), without.digest(), Contents().digest()}) == 4


@given(st.lists(NAMES, max_size=3, unique=True), st.lists(NAMES, max_size=3, unique=True))
def test_no_two_lists_of_names_are_written_alike(first: list[str], second: list[str]) -> None:
    """Names may hold any byte but NUL and `/`, also those that end a line or are no UTF-8."""

    def of(names: list[str]) -> str:
        contents = Contents()
        for name in names:
            add(contents, name)
        return contents.digest()

    assert (of(first) == of(second)) == (first == second)
