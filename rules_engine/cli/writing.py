"""Files that a person names: written whole or not at all, and never over anything but an earlier one of their kind."""

import os
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress

from rules_engine.errors import RefusedError
from rules_engine.values.text import escape


def write_over(path: str, chunks: Iterable[bytes], *, begins: bytes, what: str) -> None:
    """Write `chunks` to the file at `path`, replacing an earlier `what` there, which begins with `begins`.

    Raises:
        RefusedError: when something else stands there, or the file cannot be written.
    """
    try:
        _check_place(path, begins, what)
        _write_aside(path, chunks)
    except OSError as err:
        said = f"the {what} cannot be written to `{escape(path)}`: {err.strerror}"
        raise RefusedError(said, f"name another file for the {what}") from err


def _check_place(path: str, begins: bytes, what: str) -> None:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if stat.S_ISREG(found.st_mode):
        with open(path, "rb") as there:
            if there.read(len(begins)) == begins or found.st_size == 0:
                return
    # The name of a video and one slip of the completion key must not cost the video.
    raise RefusedError(f"`{escape(path)}` is there and is no {what}", f"name a new file, or an earlier {what}")


def _write_aside(path: str, chunks: Iterable[bytes]) -> None:
    handle, aside = tempfile.mkstemp(prefix=".writing-", suffix=".tmp", dir=os.path.dirname(path) or ".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(aside)
        raise
