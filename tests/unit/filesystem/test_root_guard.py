import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rules_engine.errors import RefusedError, UntrustedStateError
from rules_engine.filesystem.root import Root, find_area, open_area


def _refusal(path: str) -> str:
    with pytest.raises(RefusedError) as caught:
        Root.open(path)
    return caught.value.what


def test_a_root_keeps_its_id(tmp_path: Path, portable: bool) -> None:
    """Making a root twice changes nothing; opening it finds the id that it was made with."""
    with Root.create(str(tmp_path), portable=portable) as made:
        with Root.create(str(tmp_path)) as again, Root.open(str(tmp_path)) as opened:
            assert made.require_id() == again.root_id == opened.root_id
        assert len(made.require_id()) == 32
    assert os.listdir(tmp_path / ".rules") == ["root.json"]


def test_a_directory_that_is_no_root_says_so(tmp_path: Path) -> None:
    """It opens, for planning; what needs an id refuses and says how to get one, and nothing is written."""
    with Root.open(str(tmp_path)) as root:
        assert root.root_id is None
        with pytest.raises(RefusedError) as caught:
            root.require_state()
    assert str(caught.value) == (
        f"`{tmp_path}` is not a root\n"
        f"  help: is its disk mounted? `rules init --root {tmp_path}` makes a new tree a root"
    )
    assert os.listdir(tmp_path) == []


def test_state_is_private_unless_the_root_is_shared(tmp_path: Path) -> None:
    """0700, or 02770 where the root is writable for its group."""
    for name, mode, wanted in (("private", 0o755, 0o700), ("shared", 0o775, 0o2770)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
        Root.create(str(tmp_path / name)).close()
        assert stat.S_IMODE((tmp_path / name / ".rules").stat().st_mode) == wanted


def test_odd_roots_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`/`, home, a link, a file, what is missing, nothing at all."""
    (tmp_path / "home").mkdir()
    (tmp_path / "link").symlink_to("home")
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert _refusal("/") == "`/` cannot be a root"
    assert _refusal(str(tmp_path / "home")) == f"`{tmp_path}/home` is the home directory and cannot be a root"
    assert _refusal("") == "the root is empty text"
    assert _refusal(str(tmp_path / "none")) == f"the root `{tmp_path}/none` does not exist"
    assert _refusal(str(tmp_path / "file")) == f"the root `{tmp_path}/file` is not a directory"
    (tmp_path / "real").mkdir()
    (tmp_path / "other").symlink_to("real")
    assert _refusal(str(tmp_path / "other")) == f"the root `{tmp_path}/other` is a link"
    assert _refusal(str(tmp_path / "file/below")) == f"the root `{tmp_path}/file/below` is not a directory"


def test_a_root_inside_another_is_refused(tmp_path: Path) -> None:
    """Below another root, and below its state, nothing can be a root."""
    Root.create(str(tmp_path)).close()
    (tmp_path / "below").mkdir()
    (tmp_path / ".rules/trash").mkdir()
    assert _refusal(str(tmp_path / "below")) == f"`{tmp_path}/below` lies in the root `{tmp_path}`"
    assert _refusal(str(tmp_path / ".rules/trash")) == f"`{tmp_path}/.rules/trash` lies in the state of another root"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"format_version":1,"kind":"root"}',
        '{"format_version":1,"kind":"root","id":""}',
        '{"format_version":2,"kind":"root","id":"ab"}',
        '{"format_version":1,"kind":"root","id":"ab","more":1}',
    ],
)
def test_a_damaged_root_file_is_never_guessed(tmp_path: Path, text: str) -> None:
    """Empty, cut, of another version or with keys that nobody knows: not trusted."""
    (tmp_path / ".rules").mkdir()
    (tmp_path / ".rules/root.json").write_text(text)
    with pytest.raises(UntrustedStateError) as caught:
        Root.open(str(tmp_path))
    assert caught.value.path == f"{tmp_path}/.rules/root.json"
    assert pickle.loads(pickle.dumps(caught.value)).why == caught.value.why  # noqa: S301 - our own bytes


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_state_that_is_no_directory_is_not_trusted(tmp_path: Path, kind: str) -> None:
    """`.rules` as a file or a link stops everything."""
    if kind == "file":
        (tmp_path / ".rules").touch()
    else:
        (tmp_path / ".rules").symlink_to("/etc")
    with pytest.raises(UntrustedStateError, match="is not a directory"):
        Root.open(str(tmp_path))


def test_a_root_file_that_cannot_be_read_is_not_trusted(tmp_path: Path) -> None:
    """A directory in its place is no id."""
    (tmp_path / ".rules/root.json").mkdir(parents=True)
    with pytest.raises(UntrustedStateError, match="cannot be read"):
        Root.open(str(tmp_path))


def test_a_state_without_its_id_gets_one(tmp_path: Path) -> None:
    """A creation that was killed half way is finished by the next."""
    (tmp_path / ".rules").mkdir()
    with Root.create(str(tmp_path)) as root:
        assert root.root_id


def test_areas_of_the_state_are_made_once(tmp_path: Path) -> None:
    """An area is made where it is missing, with the permissions of the state."""
    with Root.create(str(tmp_path)) as root:
        state = root.require_state()
        assert find_area(state, "runs") is None
        with open_area(state, "runs") as made, open_area(state, "runs") as again:
            assert made.status().inode == again.status().inode
            assert made.status().mode == 0o700


def test_of_two_who_make_a_root_at_once_one_id_holds(tmp_path: Path) -> None:
    """Both find the same id, whoever was first."""
    script = (
        "import sys\n"
        "from rules_engine.filesystem.root import Root\n"
        "with Root.create(sys.argv[1]) as root:\n"
        "    print(root.require_id())\n"
    )
    makers = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE) for _ in range(4)]
    assert len({maker.communicate()[0] for maker in makers}) == 1
    assert os.listdir(tmp_path / ".rules") == ["root.json"]


def test_a_root_may_be_made_with_its_own_directory_alone(tmp_path: Path) -> None:
    """With more of the path missing, it is more likely wrong than new."""
    with (
        Root.create(str(tmp_path / "media"), make=True) as made,
        Root.create(str(tmp_path / "media"), make=True) as same,
    ):
        assert made.root_id == same.root_id
    with pytest.raises(RefusedError, match="does not exist"):
        Root.create(str(tmp_path / "no/media"), make=True)
    with pytest.raises(RefusedError, match="does not exist"):
        Root.create(str(tmp_path / "other"))
