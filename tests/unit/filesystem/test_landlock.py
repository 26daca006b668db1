"""A thread that bound itself by Landlock, beside others that did not."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rules_engine.filesystem import landlock
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.guards import Guard, GuardState, confine_thread, missing
from rules_engine.filesystem.linux import thread_id
from rules_engine.values.paths import RelPath

pytestmark = pytest.mark.skipif(
    landlock.abi() < landlock.OLDEST_ABI, reason="this kernel has no Landlock, or none that allows moves"
)


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """A root, with a file beside it."""
    (tmp_path / "root/a/b").mkdir(parents=True)
    (tmp_path / "root/file").write_text("1")
    (tmp_path / "outside").write_text("2")
    (tmp_path / "elsewhere/c").mkdir(parents=True)
    return tmp_path / "root"


def confined(root: Path, *acts: Callable[[], object]) -> list[int]:
    """The error number of each act in a thread that may change nothing outside the root; 0 where it was let."""
    codes: list[int] = []

    def work() -> None:
        with Directory.open_root(str(root)) as directory:
            assert confine_thread(directory).active
        for act in acts:
            try:
                act()
            except OSError as err:
                codes.append(err.errno or -1)
            else:
                codes.append(0)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(codes) == len(acts)
    return codes


def test_nothing_outside_can_be_changed(inside: Path) -> None:
    """Not by removing, renaming, making, linking, truncating or writing, by path or by `..`."""
    top = inside.parent
    codes = confined(
        inside,
        lambda: os.unlink(top / "outside"),
        lambda: os.rmdir(top / "elsewhere/c"),
        lambda: (top / "outside").rename(top / "other"),
        lambda: os.mkdir(top / "new"),
        lambda: os.symlink("x", top / "link"),
        lambda: os.mkfifo(top / "pipe"),
        (top / "made").touch,
        lambda: (top / "outside").write_text("3"),
        lambda: os.unlink(inside / "../outside"),
    )
    assert codes == [errno.EACCES] * 9
    assert (top / "outside").read_text() == "2"
    assert sorted(os.listdir(top)) == ["elsewhere", "outside", "root"]


def test_nothing_crosses_the_border(inside: Path) -> None:
    """No file leaves the root, none comes in, and no link to one outside is made."""
    top = inside.parent
    codes = confined(
        inside,
        lambda: (inside / "file").rename(top / "file"),
        lambda: (top / "outside").rename(inside / "outside"),
        lambda: os.link(top / "outside", inside / "linked"),
    )
    assert set(codes) <= {errno.EACCES, errno.EXDEV}
    assert 0 not in codes
    assert sorted(os.listdir(inside)) == ["a", "file"]


def test_everything_inside_can_be_changed(inside: Path) -> None:
    """Also moved from one directory to another, linked, truncated, and a FIFO moved."""
    os.mkfifo(inside / "pipe")
    codes = confined(
        inside,
        lambda: (inside / "file").rename(inside / "a/file"),
        lambda: (inside / "pipe").rename(inside / "a/pipe"),
        lambda: os.link(inside / "a/file", inside / "a/b/again"),
        lambda: os.truncate(inside / "a/file", 0),
        lambda: (inside / "new").write_text("new"),
        lambda: (inside / "a/b").rename(inside / "b"),
        lambda: os.unlink(inside / "b/again"),
        lambda: os.rmdir(inside / "b"),
    )
    assert codes == [0] * 8
    assert sorted(os.listdir(inside)) == ["a", "new"]


def test_reading_elsewhere_stays_free(inside: Path) -> None:
    """Policies, the clock of the state, anything: it is only read."""
    assert confined(inside, (inside.parent / "outside").read_text, lambda: os.listdir("/")) == [0, 0]


def test_a_handle_that_was_moved_outside_changes_nothing(inside: Path) -> None:
    """The kernel looks where the directory lies now, not how it was reached."""
    top = inside.parent
    with Directory.open_root(str(inside)) as root, root.open(RelPath("a")) as held:
        (inside / "a/doomed").touch()
        (inside / "a").rename(top / "elsewhere/a")
        assert confined(inside, lambda: held.unlink("doomed"), lambda: held.make_directory("d")) == [errno.EACCES] * 2
    assert (top / "elsewhere/a/doomed").exists()


def test_only_the_thread_that_asked_is_bound(inside: Path) -> None:
    """The others, and those that they start, go on as they were."""
    before = thread_id()
    assert confined(inside, lambda: os.unlink(inside.parent / "outside")) == [errno.EACCES]
    os.unlink(inside.parent / "outside")
    assert thread_id() == before


def test_what_a_bound_thread_starts_is_bound_too(inside: Path) -> None:
    """A thread of a thread does not get out."""
    codes: list[int] = []

    def nested() -> None:
        below = threading.Thread(target=lambda: codes.extend(_code(lambda: os.unlink(inside.parent / "outside"))))
        below.start()
        below.join()

    assert confined(inside, nested) == [0]
    assert codes == [errno.EACCES]


def test_what_the_kernel_refuses_leaves_the_thread_free_and_says_why(inside: Path) -> None:
    """A handle that is closed binds nothing: the guard is missing, with its cause."""
    with Directory.open_root(str(inside)) as closed:
        pass
    found = confine_thread(closed)
    assert found == GuardState(
        Guard.LANDLOCK,
        active=False,
        note="refused: Bad file descriptor; only this program's own care keeps changes inside the root",
    )
    assert missing([found, GuardState(Guard.OPENAT2, active=True)]) == (found,)
    os.unlink(inside.parent / "outside")


def _code(act: Callable[[], object]) -> list[int]:
    try:
        act()
    except OSError as err:
        return [err.errno or -1]
    return [0]
