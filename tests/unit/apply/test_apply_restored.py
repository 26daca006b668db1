"""`.rules/restored.jsonl`: read, written, cut short, damaged."""

from pathlib import Path

import pytest

from rules_engine.apply.restored import REASON, RESTORED, note_restored, read_restored
from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Batch, Entry, StepAction
from rules_engine.values.paths import ROOT, RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import EntryKind

RUN = "0123456789abcdef"


def batch(directory: RelPath, *names: str) -> Batch:
    """What puts files back."""
    entries = tuple(Entry(name, EntryKind.FILE) for name in names)
    return Batch(directory, StepAction.RESTORE, entries, reason=REASON, from_run=RUN)


def note(root: Root, at: int, *batches: Batch) -> None:
    """Note a restore."""
    note_restored(root.require_state(), batches, RUN, Instant(at))


def test_without_the_file_nothing_was_put_back(root: Root) -> None:
    """Neither where there is no state at all."""
    assert read_restored(root.require_state()) == {}
    assert read_restored(None) == {}


def test_the_newest_restore_of_a_path_counts(root: Root) -> None:
    """Whatever the order of the lines; names need not be UTF-8."""
    note(root, 5, batch(ROOT, "a", "\udcff"), batch(RelPath("x"), "b"))
    note(root, 7, batch(ROOT, "a"))
    note(root, 6, batch(RelPath("x"), "b"), batch(ROOT, "\udcff"))
    assert read_restored(root.require_state()) == {"a": 7, "\udcff": 6, "x/b": 6}


def test_directories_that_a_layout_makes_are_none_of_it(root: Root) -> None:
    """Only what undoes something is noted; a run without anything of it writes nothing."""
    entry = Entry("work", EntryKind.DIRECTORY)
    note(root, 5, Batch(ROOT, StepAction.CREATE_DIRECTORY, (entry,), reason="layout"))
    assert root.require_state().stat(RESTORED) is None
    note(root, 5, Batch(ROOT, StepAction.CREATE_DIRECTORY, (entry,), reason=REASON))
    assert read_restored(root.require_state()) == {"work": 5}


def test_a_torn_tail_proves_nothing(root: Root) -> None:
    """A killed writer left it; the next line takes its place."""
    note(root, 5, batch(ROOT, "a"))
    path = Path(root.path, ".rules", RESTORED)
    path.write_bytes(path.read_bytes() + path.read_bytes()[:-9])
    assert read_restored(root.require_state()) == {"a": 5}
    note(root, 6, batch(ROOT, "b"))
    assert read_restored(root.require_state()) == {"a": 5, "b": 6}
    assert path.read_bytes().count(b"\n") == 2


@pytest.mark.parametrize("damage", [b'"at":5', b'"seq":1'])
def test_a_damaged_line_is_not_trusted(root: Root, damage: bytes) -> None:
    """What was put back would go again: planning stops, and so does the next restore."""
    note(root, 5, batch(ROOT, "a"))
    path = Path(root.path, ".rules", RESTORED)
    path.write_bytes(path.read_bytes().replace(damage, damage[:-1] + b"4"))
    for act in (lambda: read_restored(root.require_state()), lambda: note(root, 6, batch(ROOT, "b"))):
        with pytest.raises(UntrustedStateError) as caught:
            act()
        assert "`.rules/restored.jsonl` has a damaged line after line 0" in str(caught.value)


def test_what_is_no_file_cannot_be_read(root: Root) -> None:
    """A directory in its place says nothing of what was put back."""
    Path(root.path, ".rules", RESTORED).mkdir()
    with pytest.raises(UntrustedStateError, match="cannot be read"):
        read_restored(root.require_state())


def test_the_documented_line_is_what_is_written(root: Root) -> None:
    """The example of the page."""
    note(root, 1_728_000_000_000_000_000, batch(RelPath("out/Suits"), "a.mkv"))
    page = (Path(__file__).parents[3] / "docs/reference/formats/restored.md").read_text()
    assert Path(root.path, ".rules", RESTORED).read_text() in page
