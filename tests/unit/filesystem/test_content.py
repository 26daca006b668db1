"""The content of regular files, read whole."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem.content import length_of, open_regular, read_whole

LIMIT = 2**21


@pytest.fixture
def here(tmp_path: Path) -> Iterator[int]:
    """A descriptor of an empty directory."""
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


@pytest.mark.parametrize("length", [0, 1, 99])
def test_all_of_a_file_is_read(here: int, tmp_path: Path, length: int) -> None:
    """Also of one that is empty, and of one that is as long as the limit."""
    (tmp_path / "file").write_bytes(b"x" * length)
    assert read_whole(here, "file", 99) == b"x" * length


def test_a_file_that_has_more_than_it_says_is_read_to_its_end() -> None:
    """A log may grow between the look at its length and the read; the files of `/proc` say that they are empty."""
    fd = os.open("/proc/self", os.O_RDONLY | os.O_DIRECTORY)
    try:
        assert read_whole(fd, "cmdline", LIMIT) == Path("/proc/self/cmdline").read_bytes()
        with pytest.raises(OSError, match="is larger than 3 bytes") as caught:
            read_whole(fd, "cmdline", 3)
        assert caught.value.errno == errno.EFBIG
    finally:
        os.close(fd)


def test_a_file_over_the_limit_is_not_read_at_all(here: int, tmp_path: Path) -> None:
    """One that claims to hold terabytes costs no memory."""
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 2**40)
    with pytest.raises(OSError, match="is larger than 2097152 bytes"):
        read_whole(here, "huge", LIMIT)


def test_what_is_no_regular_file_is_not_opened(here: int, tmp_path: Path) -> None:
    """A directory says that it is one, and nothing stays open."""
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    before = os.listdir("/proc/self/fd")
    with pytest.raises(IsADirectoryError):
        open_regular(here, "directory")
    with pytest.raises(OSError, match="is not a regular file"):
        open_regular(here, "pipe")
    assert os.listdir("/proc/self/fd") == before


def test_the_length_of_what_is_there_is_told(here: int, tmp_path: Path) -> None:
    """Of a link its own; of nothing none; and a path is no name."""
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("nowhere")
    assert [length_of(here, name) for name in ("file", "link", "gone")] == [3, 7, None]
    with pytest.raises(InvalidValueError):
        length_of(here, "../file")
