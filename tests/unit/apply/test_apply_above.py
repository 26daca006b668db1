from pathlib import Path

import pytest

from rules_engine.apply.above import Above
from rules_engine.apply.trash import make_directories
from rules_engine.filesystem.directory import Directory
from rules_engine.values.paths import RelPath


class Looks:
    """Says of a directory what a file `says` in it says, and remembers where it looked."""

    def __init__(self) -> None:
        self.at: list[str] = []

    def __call__(self, path: RelPath, here: Directory) -> str:
        """What the directory says."""
        self.at.append(path)
        return here.read_file("says", limit=99).decode() if here.stat("says") else ""


def test_the_nearest_directory_that_says_something_counts(tmp_path: Path) -> None:
    """The directory itself comes before those above it, and the root after all of them."""
    (tmp_path / "a/b/c").mkdir(parents=True)
    looks = Looks()
    with Directory.open_root(str(tmp_path)) as root, root.open(RelPath("a/b/c")) as here:
        above = Above(root)
        says = above.ask(looks)
        before = says(RelPath("a/b/c"), here)
        assert before == ""
        for where in (".", "a", "a/b/c"):
            (tmp_path / where / "says").write_text(where)
            # Remembered until it is told to forget.
            assert says(RelPath("a/b/c"), here) == before
            above.forget()
            before = says(RelPath("a/b/c"), here)
            assert before == where
    assert looks.at == ["", "a", "a/b", "a/b/c"] * 4


def test_two_questions_go_down_once_and_forget_together(tmp_path: Path) -> None:
    """Each hears what its own look says, of every directory on the way."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/says").write_text("something")
    first, second = Looks(), Looks()
    with Directory.open_root(str(tmp_path)) as root, root.open(RelPath("a/b")) as here:
        above = Above(root)
        asks = [above.ask(look) for look in (first, lambda path, handle: second(path, handle) and f"{path}!")]
        assert [ask(RelPath("a/b"), here) for ask in asks] == ["something", "a!"]
    assert first.at == second.at == ["", "a", "a/b"]


def test_a_directory_that_is_gone_says_nothing(tmp_path: Path) -> None:
    """Whoever moved it away meanwhile finds the step refused elsewhere; those above it are heard all the same."""
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "says").write_text("root")
    with Directory.open_root(str(tmp_path)) as root, root.open(RelPath("a/b/c")) as here:
        (tmp_path / "a").rename(tmp_path / "away")
        assert Above(root).ask(Looks())(RelPath("a/b/c"), here) == "root"


def test_what_cannot_be_looked_at_is_an_error_and_leaves_nothing_open(tmp_path: Path) -> None:
    """It may say anything, so the step does not go on."""
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a/b/says").mkdir()
    with Directory.open_root(str(tmp_path)) as root, root.open(RelPath("a/b/c")) as here:
        says, before = Above(root).ask(Looks()), _open_files()
        with pytest.raises(IsADirectoryError):
            says(RelPath("a/b/c"), here)
        assert _open_files() == before


@pytest.mark.parametrize("there", range(8))
def test_directories_are_made_from_the_deepest_one_that_is_there(tmp_path: Path, there: int) -> None:
    """However much of the way is missing, all of it is made, and no handle is left open but the one that is given."""
    parts = [f"d{number}" for number in range(7)]
    (tmp_path / "/".join(parts[:there])).mkdir(parents=True, exist_ok=True)
    with Directory.open_root(str(tmp_path)) as top:
        before = _open_files()
        with make_directories(top, RelPath("/".join(parts)), 0o700) as made:
            assert made.status().inode == (tmp_path / "/".join(parts)).stat().st_ino
        assert _open_files() == before


def test_nothing_is_left_open_where_directories_cannot_be_made(tmp_path: Path) -> None:
    """A file in the way is told as the system tells it."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a/file").touch()
    with Directory.open_root(str(tmp_path)) as top:
        before = _open_files()
        with pytest.raises(NotADirectoryError):
            make_directories(top, RelPath("a/file/x/y/z"))
        assert _open_files() == before


def test_a_way_longer_than_any_path_of_the_system_is_made(tmp_path: Path) -> None:
    """What of it is missing is found piece by piece."""
    names = ["a-name-of-thirty-two-characters-"] * 300
    with Directory.open_root(str(tmp_path)) as top:
        for depth in (250, 300):
            make_directories(top, RelPath("/".join(names[:depth]))).close()
        with top.open(RelPath("/".join(names))) as deepest:
            assert deepest.names() == []


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
