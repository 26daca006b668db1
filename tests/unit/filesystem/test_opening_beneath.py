import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem import linux
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.mounts import mount_id
from rules_engine.values.paths import RelPath


def _code(here: Directory, path: str) -> int | None:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the errno is the claim
        here.open(RelPath(path))
    return caught.value.errno


def test_a_directory_opens_at_any_depth(here: Directory, tmp_path: Path) -> None:
    """A path of several components, one component, and the directory itself open."""
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a/b/c/file").touch()
    with here.open(RelPath("a/b/c")) as deep:
        assert deep.names() == ["file"]
    with here.open(RelPath("")) as again:
        assert again.status().inode == here.status().inode


def test_no_link_is_followed_anywhere_in_a_path(here: Directory, tmp_path: Path) -> None:
    """A link as the last component or in the middle, to outside or inside, is refused."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "out").symlink_to("/etc")
    (tmp_path / "in").symlink_to("a")
    refused = {errno.ELOOP, errno.ENOTDIR}
    assert {_code(here, path) for path in ("out", "out/ssl", "in", "in/b")} <= refused


@pytest.mark.parametrize("path", ["..", "a/..", "a/../a", ".", "a//b", "/etc", "a/", "a\0"])
def test_a_path_that_is_none_is_refused(here: Directory, tmp_path: Path, path: str) -> None:
    """Whatever could lead out or name a thing twice is refused before the system is asked."""
    (tmp_path / "a").mkdir()
    with pytest.raises(InvalidValueError):
        here.open(RelPath(path))


def test_what_is_no_directory_does_not_open_or_hang(here: Directory, tmp_path: Path) -> None:
    """A file and a FIFO are refused at once."""
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    assert _code(here, "file") == errno.ENOTDIR
    assert _code(here, "pipe") == errno.ENOTDIR
    assert _code(here, "none/below") == errno.ENOENT


def test_a_path_longer_than_the_system_takes_opens_in_pieces(here: Directory) -> None:
    """A directory below more than 4 096 bytes of path can still be reached and listed."""
    names = [f"{number:04d}" + "x" * 196 for number in range(60)]
    current = here.open(RelPath(""))
    for name in names:
        current.make_directory(name)
        below = current.open(RelPath(name))
        current.close()
        current = below
    current.create_file("deepest", b"")
    current.close()
    with here.open(RelPath("/".join(names))) as found:
        assert found.names() == ["deepest"]
    with pytest.raises(FileNotFoundError):
        here.open(RelPath("/".join([*names, *names])))


def test_handles_are_not_leaked_by_failures(here: Directory, tmp_path: Path) -> None:
    """A path that fails at its last component leaves no descriptor open."""
    (tmp_path / "a/b").mkdir(parents=True)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        with pytest.raises(FileNotFoundError):
            here.open(RelPath("a/b/none"))
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_probe_answers_once_and_the_fallback_does_without(tmp_path: Path) -> None:
    """openat2 is there or not for the whole run; an explicit fallback never uses it."""
    assert linux.has_openat2() is linux.has_openat2()
    with Directory.open_root(str(tmp_path), portable=True) as directory:
        assert directory.device == tmp_path.stat().st_dev


def test_a_bind_mount_of_the_same_filesystem_is_not_entered(tmp_path: Path, portable: bool) -> None:
    """Device numbers are equal there, so both routes tell it by the mount itself."""
    (tmp_path / "source").mkdir()
    (tmp_path / "mounted").mkdir()
    script = (
        "import errno, sys\n"
        "from rules_engine.filesystem.directory import Directory\n"
        "with Directory.open_root(sys.argv[1], portable=sys.argv[2] == 'True') as here:\n"
        "    try:\n"
        "        here.open('mounted')\n"
        "    except OSError as err:\n"
        "        sys.exit(0 if err.errno == errno.EXDEV else 1)\n"
        "    sys.exit(1)\n"
    )
    mount = f"mount --bind {tmp_path}/source {tmp_path}/mounted"
    python = f'exec "$0" -c "$1" {tmp_path} {portable}'
    asked = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    if subprocess.run([*asked, mount], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")
    done = subprocess.run([*asked, f"{mount} && {python}", sys.executable, script], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_a_root_that_is_no_absolute_directory_is_refused(tmp_path: Path) -> None:
    """A relative path, a link and a file cannot be opened as a root."""
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InvalidValueError):
        Directory.open_root("relative")
    for name in ("link", "link/", "file"):
        with pytest.raises(OSError, match=r".*"):
            Directory.open_root(str(tmp_path) + "/" + name)


def test_another_boot_would_have_another_id() -> None:
    """This boot has an id and a time, and both stay what they are."""
    assert linux.boot_id() == linux.boot_id() != ""
    assert linux.boot_time_ns() == linux.boot_time_ns()
    assert (linux.boot_time_ns() or 0) > 0


def test_what_the_system_refuses_is_an_error_with_its_number(here: Directory) -> None:
    """A call that fails is never taken for one that does not exist."""
    with here.open(RelPath("")) as closed:
        fd = closed.fd
    for call in (
        lambda: linux.open_beneath(fd, "a", os.O_RDONLY),
        lambda: linux.rename_noreplace(fd, "a", fd, "b"),
        lambda: linux.sync_filesystem(fd),
    ):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - the errno is the claim
            call()
        assert caught.value.errno == errno.EBADF
    assert mount_id(fd) is None
