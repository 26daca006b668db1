"""The root: the directory under management, and the id that tells it from every other directory."""

import errno
import os
import secrets
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

import msgspec

from rules_engine.errors import RefusedError, UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind

STATE: Final = ".rules"
ROOT_FILE: Final = "root.json"
_LARGEST_ROOT_FILE: Final = 65_536
_SHARED_STATE: Final = 0o2770
_PRIVATE_STATE: Final = 0o700
_GROUP_WRITES: Final = 0o020
_ANOTHER: Final = "name the directory that holds the files of the pipeline"


class _RootFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format_version: int
    kind: str
    id: str


class Root:
    """An open root; a context manager. `state` and `root_id` are None until it was made one."""

    __slots__ = ("directory", "path", "root_id", "state")

    def __init__(self, path: str, directory: Directory, state: Directory | None, root_id: str | None) -> None:
        self.path = path
        self.directory = directory
        self.state = state
        self.root_id = root_id

    @classmethod
    def open(cls, path: str, *, portable: bool = False) -> Self:
        """Open the root at `path`, initialised or not.

        Raises:
            RefusedError: for `/`, the home directory, a link, what is missing or no directory, or lies in another root.
            UntrustedStateError: when its `root.json` cannot be read or fails its check.
        """
        absolute = os.path.abspath(path)
        _refuse_odd(path, absolute)
        directory = _open_directory(absolute, portable=portable)
        try:
            state = _open_state(directory, absolute)
            return cls(absolute, directory, state, _read_id(state, absolute) if state else None)
        except BaseException:
            directory.close()
            raise

    @classmethod
    def create(cls, path: str, *, portable: bool = False, make: bool = False) -> Self:
        """Make the directory at `path` a root, or open the root that it is; `make` makes the directory itself too.

        Raises:
            RefusedError: as `open`.
        """
        if make:
            # Only the last component: a path with more missing is more likely wrong than new.
            with suppress(FileExistsError, FileNotFoundError):
                os.mkdir(os.path.abspath(path))
        root = cls.open(path, portable=portable)
        try:
            if root.state is None:
                shared = root.directory.status().mode & _GROUP_WRITES
                with suppress(FileExistsError):
                    root.directory.make_directory(STATE, _SHARED_STATE if shared else _PRIVATE_STATE)
                root.state = _open_state(root.directory, root.path)
            if root.state is not None and root.root_id is None:
                _write_id(root.state)
                root.directory.sync()
                root.root_id = _read_id(root.state, root.path)
        except BaseException:
            root.close()
            raise
        return root

    def require_id(self) -> str:
        """The id of the root.

        Raises:
            RefusedError: when it was never initialised: it may be an unmounted drive or the wrong directory.
        """
        if self.root_id is None:
            help_text = f"is its disk mounted? `rules init --root {self.path}` makes a new tree a root"
            raise RefusedError(f"`{self.path}` is not a root", help_text)
        return self.root_id

    def require_state(self) -> Directory:
        """The open `.rules` of an initialised root.

        Raises:
            RefusedError: when it was never initialised.
        """
        self.require_id()
        if self.state is None:  # pragma: no cover - an id is only ever read from an open state
            raise RefusedError(f"`{self.path}` has no state", f"run `rules init --root {self.path}`")
        return self.state

    def close(self) -> None:
        """Close its handles; more than once is harmless."""
        if self.state is not None:
            self.state.close()
        self.directory.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def find_area(state: Directory, name: str) -> Directory | None:
    """The directory `name` of the state; None where it is not there."""
    try:
        return state.open(RelPath(name))
    except FileNotFoundError:
        return None


def open_area(state: Directory, name: str) -> Directory:
    """The directory `name` of the state, made where it is missing."""
    found = find_area(state, name)
    if found is not None:
        return found
    # Somebody else may make it in between, which is as good.
    with suppress(FileExistsError):
        state.make_directory(name, state.state_mode())
        state.sync()
    return state.open(RelPath(name))


def _refuse_odd(path: str, absolute: str) -> None:
    if not path:
        raise RefusedError("the root is empty text", _ANOTHER)
    real = _real(absolute)
    if real == "/":
        raise RefusedError("`/` cannot be a root", _ANOTHER)
    if real == os.path.realpath(os.path.expanduser("~")):
        raise RefusedError(f"`{absolute}` is the home directory and cannot be a root", _ANOTHER)
    above = os.path.dirname(real)
    while above != "/":
        if os.path.basename(above) == STATE:
            raise RefusedError(f"`{absolute}` lies in the state of another root", _ANOTHER)
        if os.path.lexists(os.path.join(above, STATE, ROOT_FILE)):
            raise RefusedError(f"`{absolute}` lies in the root `{above}`", f"use `--root {above}`, or move it out")
        above = os.path.dirname(above)


def _real(absolute: str) -> str:
    try:
        return os.path.realpath(absolute)
    except OSError as err:
        # A link that became a directory between two looks: the system says so with an error of its own.
        raise RefusedError(f"the way to `{absolute}` changes at this moment", "try again") from err


def _open_directory(absolute: str, *, portable: bool) -> Directory:
    try:
        return Directory.open_root(absolute, portable=portable)
    except FileNotFoundError:
        raise RefusedError(f"the root `{absolute}` does not exist", "is its drive mounted? check the path") from None
    except OSError as err:
        if err.errno in {errno.ELOOP, errno.ENOTDIR}:
            what = "is a link" if os.path.islink(absolute) else "is not a directory"
            raise RefusedError(f"the root `{absolute}` {what}", "name the directory itself") from None
        raise RefusedError(f"the root `{absolute}` cannot be opened: {err.strerror}", "check its permissions") from err


def _open_state(directory: Directory, path: str) -> Directory | None:
    try:
        found = directory.stat(STATE)
        if found is None:
            return None
        if found.kind is EntryKind.DIRECTORY:
            return directory.open(RelPath(STATE))
    except OSError as err:
        raise UntrustedStateError(
            f"{path}/{STATE}", f"cannot be opened: {err.strerror}", "check its permissions"
        ) from err
    raise UntrustedStateError(f"{path}/{STATE}", "is not a directory", "move it away, then run `rules init --root`")


def _read_id(state: Directory, path: str) -> str | None:
    where = f"{path}/{STATE}/{ROOT_FILE}"
    try:
        data = state.read_file(ROOT_FILE, limit=_LARGEST_ROOT_FILE)
    except FileNotFoundError:
        return None
    except OSError as err:
        raise UntrustedStateError(where, f"cannot be read: {err.strerror}", "check its permissions") from err
    try:
        found = msgspec.json.decode(data, type=_RootFile)
    except ValueError as err:
        raise UntrustedStateError(where, f"is damaged: {err}", "restore it from a backup of the root") from err
    if found.format_version != 1 or found.kind != "root" or not found.id:
        raise UntrustedStateError(where, "is of a format this version does not know", "use a newer version")
    return found.id


def _write_id(state: Directory) -> None:
    record = _RootFile(format_version=1, kind="root", id=secrets.token_hex(16))
    aside = f".{secrets.token_hex(8)}.tmp"
    state.create_file(aside, msgspec.json.encode(record) + b"\n")
    try:
        state.rename_new(aside, state, ROOT_FILE)
    except FileExistsError:
        # Two made it a root at once: the first id holds.
        state.unlink(aside)
    state.sync()
