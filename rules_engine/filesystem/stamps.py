"""What tells whether a file of our own state changed, and who wrote it: one look each, of thousands at a time."""

import os
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

from rules_engine.filesystem.directory import Directory

Writer: TypeAlias = tuple[int, int, int]
"""User, group and mode of an entry."""
Stamp: TypeAlias = tuple[int, int, int, Writer]
"""Inode, size, mtime_ns and writer of an entry."""


@lru_cache(64)
def _writer(uid: int, gid: int, mode: int) -> Writer:
    # Thousands of entries have one writer, which is held once.
    return (uid, gid, mode)


def read_stamps(directory: Directory, names: Iterable[str] | None = None) -> dict[str, Stamp | OSError]:
    """What stands under each name of a directory, or why that cannot be told; with `names`, under those that are there.

    Raises:
        OSError: when the names cannot be read.
    """
    found: dict[str, Stamp | OSError] = {}
    fd, look = directory.fd, os.stat
    for name in os.listdir(fd) if names is None else names:
        try:
            one = look(name, dir_fd=fd, follow_symlinks=False)
        except FileNotFoundError:
            continue
        except OSError as err:
            found[name] = err
        else:
            found[name] = (
                one.st_ino,
                one.st_size,
                one.st_mtime_ns,
                _writer(one.st_uid, one.st_gid, one.st_mode),
            )
    return found
