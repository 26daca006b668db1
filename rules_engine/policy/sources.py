"""The files of policy folders: found, opened without following or waiting, and read whole."""

import errno
import os
import stat
from collections.abc import Sequence
from typing import Final

import msgspec

from rules_engine.policy.findings import Findings
from rules_engine.policy.yamltext import LARGEST_FILE, decode
from rules_engine.values.diagnostics import Span

_SUFFIXES: Final = (".yaml", ".yml")
_SUPERUSER: Final = 0
_CASES: Final = (".cases.yaml", ".cases.yml")


class Source(msgspec.Struct, frozen=True):
    """One policy file: its name as the user writes it, its folder, its text."""

    file: str
    folder: str
    """Absolute path of the policy folder."""
    text: str


def read_folders(folders: Sequence[str], findings: Findings) -> tuple[Source, ...]:
    """The policy files of all folders, in the order of the folders, then by name; unreadable ones are findings."""
    found: list[Source] = []
    seen: set[str] = set()
    for folder in folders:
        real = os.path.realpath(folder)
        if real in seen:
            findings.error("P007", f"the policy folder `{folder}` is given twice", None, "give it once")
            continue
        seen.add(real)
        found += _read_folder(folder, findings)
    if not folders:
        findings.error("P001", "no policy folder is given", None, "give one with `--policies DIR`")
    return tuple(found)


def _read_folder(folder: str, findings: Findings) -> list[Source]:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        help_text = "give another one with `--policies DIR`, or write one with `rules init`"
        findings.error("P001", f"there is no policy folder `{folder}`", None, help_text)
        return []
    except OSError as err:
        message = f"the policy folder `{folder}` cannot be read: {_why(err)}"
        findings.error("P002", message, None, "give a directory that can be read")
        return []
    try:
        return _read_handle(handle, folder, findings)
    finally:
        os.close(handle)


def _read_handle(handle: int, folder: str, findings: Findings) -> list[Source]:
    itself = os.fstat(handle)
    open_to_all = bool(itself.st_mode & stat.S_IWOTH)
    if open_to_all and not itself.st_mode & stat.S_ISVTX:
        help_text = f"take the right to write away with `chmod o-w {folder}`"
        findings.error("P008", f"anybody may write to the policy folder `{folder}`", None, help_text)
    # Where others may put files, and for the superuser anywhere, a policy speaks only for who may write the folder.
    bound = open_to_all or os.geteuid() == _SUPERUSER
    trusted = frozenset({_SUPERUSER, os.geteuid(), itself.st_uid}) if bound else None
    names = sorted(name for name in os.listdir(handle) if is_policy(name))
    if not names:
        message = f"the policy folder `{folder}` holds no policy"
        findings.error("P003", message, None, "put `*.yaml` files directly into it, or write some with `rules init`")
    found: list[Source] = []
    for name in names:
        file = os.path.normpath(os.path.join(folder, name))
        raw = _read_file(handle, name, file, trusted, findings)
        text = decode(file, raw, findings) if raw is not None else None
        if text is not None:
            found.append(Source(file, os.path.abspath(folder), text))
    return found


def is_policy(name: str) -> bool:
    """Whether a file of that name in a policy folder is read as a policy."""
    # A name with a dot in front is an editor's aside, such as `.#cleanup.yaml`.
    return name.endswith(_SUFFIXES) and not name.endswith(_CASES) and not name.startswith(".")


def _read_file(folder: int, name: str, file: str, trusted: frozenset[int] | None, findings: Findings) -> bytes | None:
    place = Span(file, 1, 1, 1, 1)
    try:
        # Without O_NONBLOCK opening a FIFO would wait for a writer that never comes.
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        try:
            found = os.fstat(handle)
            if stat.S_ISREG(found.st_mode):
                _check_writers(found, place, trusted, findings)
                return _read_whole(handle)
        finally:
            os.close(handle)
    except OSError as err:
        if err.errno == errno.ELOOP:
            help_text = "put the file itself here, or give its folder with `--policies DIR`"
            findings.error("P004", "the policy file is a link, and links are not followed", place, help_text)
        else:
            findings.error("P006", f"the policy file cannot be read: {_why(err)}", place, "make it readable")
        return None
    findings.error("P004", "the policy file is not a regular file", place, "put a regular file here")
    return None


def _check_writers(found: os.stat_result, place: Span, trusted: frozenset[int] | None, findings: Findings) -> None:
    """Note a policy that somebody may have written who does not speak for the folder."""
    if found.st_mode & stat.S_IWOTH:
        help_text = f"take the right to write away with `chmod o-w {place.file}`"
        findings.error("P008", "anybody may write to the policy file", place, help_text)
    if trusted is not None and found.st_uid not in trusted:
        message = f"the policy file belongs to user {found.st_uid}, who has no say in its folder"
        findings.error("P009", message, place, "give it to the owner of the folder once you have read it")


def _read_whole(handle: int) -> bytes:
    """The bytes of an open file, and at most one more than a policy may have."""
    parts: list[bytes] = []
    left = LARGEST_FILE + 1
    while left > 0 and (part := os.read(handle, left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _why(err: OSError) -> str:
    return (err.strerror or "it failed").lower()
