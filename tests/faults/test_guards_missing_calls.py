"""Calls that are missing, blocked, or fail for another reason: what each answer is taken for."""

import errno
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from blocking import NUMBERS, without

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem import landlock, linux
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.guards import confine_thread, look_at_guards
from rules_engine.filesystem.mounts import mount_id
from rules_engine.filesystem.root import Root
from rules_engine.values.paths import RelPath


def may_filter() -> bool:
    """Whether a process may take calls away from itself here; a child is asked."""
    script = Path(__file__).with_name("blocking.py")
    asked = [sys.executable, str(script), "", "--", "--version"]
    return subprocess.run(asked, check=False, capture_output=True).returncode == 0


pytestmark = [
    pytest.mark.skipif(not NUMBERS, reason="the numbers of the calls are not known for this machine"),
    pytest.mark.skipif(bool(NUMBERS) and not may_filter(), reason="a process may not filter its calls here"),
]


def error_of(act: Callable[[], object]) -> int | None:
    """The number of the error that `act` raises."""
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the errno is the claim
        act()
    return caught.value.errno


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EPERM, errno.EINVAL])
def test_a_call_that_is_blocked_when_it_is_first_asked_is_not_there(code: int) -> None:
    """An old kernel and a strict container answer differently, and mean the same."""
    assert without({"openat2": code}, linux.has_openat2.__wrapped__) is False


def test_a_landlock_that_is_blocked_or_switched_off_is_not_there() -> None:
    """Not built in, not switched on at boot, or forbidden."""
    for code in (errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM):
        assert without({"landlock": code}, landlock.abi) == 0


def test_a_thread_stays_free_where_there_is_no_landlock(tmp_path: Path) -> None:
    """The guard is missing, says why, and nothing else changes."""
    with Directory.open_root(str(tmp_path)) as root:
        found = without({"landlock": errno.ENOSYS}, lambda: confine_thread(root))
    assert (found.active, found.note.partition(";")[0]) == (False, "blocked, or not in this kernel")


def test_what_fails_for_another_reason_is_no_answer(tmp_path: Path) -> None:
    """Too many open files does not mean that a call is missing: the failure is told, and asked again next time."""
    assert without({"openat2": errno.EMFILE}, lambda: error_of(linux.has_openat2.__wrapped__)) == errno.EMFILE
    assert without({"landlock": errno.ENOMEM}, lambda: error_of(landlock.abi)) == errno.ENOMEM
    with Directory.open_root(str(tmp_path)) as root:
        found = without({"landlock": errno.ENOMEM}, lambda: confine_thread(root))
        assert (found.active, found.note.partition(";")[0]) == (False, "refused: Cannot allocate memory")


def test_an_error_after_the_first_question_is_never_taken_for_a_missing_call(tmp_path: Path) -> None:
    """A refusal by a guard of somebody else would otherwise open the way to weaker means."""
    (tmp_path / "a").mkdir()
    with Directory.open_root(str(tmp_path)) as root:
        if not root.opener.by_kernel:
            pytest.skip("this kernel has no openat2")
        assert without({"openat2": errno.EPERM}, lambda: error_of(lambda: root.open(RelPath("a")))) == errno.EPERM


def test_mounts_are_told_without_statx(tmp_path: Path) -> None:
    """By /proc, and with the same answer."""
    with Directory.open_root(str(tmp_path)) as root:
        assert without({"statx": errno.ENOSYS}, lambda: mount_id(root.fd)) == mount_id(root.fd)


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOSYS])
def test_the_fallback_of_the_rename_replaces_nothing(tmp_path: Path, code: int) -> None:
    """A file moves if its new name is free; a taken name, and a directory, are refused with nothing changed."""
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name)
    (tmp_path / "d").mkdir()
    with Directory.open_root(str(tmp_path)) as here:
        without({"renameat2": code}, lambda: here.rename_new("a", here, "free"))
        taken = without({"renameat2": code}, lambda: error_of(lambda: here.rename_new("b", here, "c")))
        whole = without({"renameat2": code}, lambda: error_of(lambda: here.rename_new("d", here, "e")))
        with pytest.raises(InvalidValueError, match="is not the name of one directory entry"):
            here.rename_new("d/", here, "e")
    assert (taken, whole) == (errno.EEXIST, errno.EPERM)
    assert {path.name: path.read_text() for path in tmp_path.iterdir() if path.is_file()} == {
        "free": "a",
        "b": "b",
        "c": "c",
    }
    assert (tmp_path / "d").is_dir()


def test_what_cannot_be_told_of_the_rename_is_said(tmp_path: Path) -> None:
    """Refused for another reason, the guard is not active; nothing of the question is left, also by a killed one."""
    with Root.create(str(tmp_path / "media"), make=True) as root:
        state = root.require_state()
        for name in (".guards-1.tmp", ".guards-2.tmp"):
            state.create_file(name, b"")
        found = without({"renameat2": errno.EPERM}, lambda: look_at_guards(root.directory, state))
        assert found[-1].note == "cannot be told: Operation not permitted"
        assert look_at_guards(root.directory, state)[-1].active
        assert state.names() == ["root.json"]
