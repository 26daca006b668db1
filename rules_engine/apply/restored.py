"""`.rules/restored.jsonl`: what was put back from the trash, and when; every age counts from then.

docs/reference/formats/restored.md describes the file.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.logfile import open_log
from rules_engine.manifest.lines import close_line, whole_lines
from rules_engine.plan.model import Batch, StepAction
from rules_engine.values.names import EncodedName, decode_name, encode_name
from rules_engine.values.paths import RelPath, join
from rules_engine.values.quantities import Instant

RESTORED: Final = "restored.jsonl"
REASON: Final = "restore"
"""The reason of every batch that undoes something, also of the directories that it makes again."""
BACK: Final = (StepAction.RESTORE, StepAction.CREATE_DIRECTORY)
"""The actions of a plan that undoes something."""

_WHERE: Final = f".rules/{RESTORED}"
_LARGEST: Final = 2**30
_HELP: Final = "restore it from a backup of the root, or move it away once nothing that was put back has to stay"


class RestoredLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file or directory was put back."""

    seq: int
    """1 for the first line of the file."""
    at: Instant
    run_id: str
    """The run that put it back."""
    path: EncodedName


def read_restored(state: Directory | None) -> Mapping[RelPath, Instant]:
    """When each path was last put back.

    Raises:
        UntrustedStateError: when that cannot be read: what was put back would go again.
    """
    if state is None:
        return {}
    try:
        data = state.read_file(RESTORED, limit=_LARGEST)
    except FileNotFoundError:
        return {}
    except OSError as err:
        raise UntrustedStateError(_WHERE, f"cannot be read: {err.strerror or err}", _HELP) from err
    found: dict[RelPath, Instant] = {}
    for line in _lines(data)[0]:
        path = RelPath(decode_name(line.path))
        found[path] = max(line.at, found.get(path, line.at))
    return found


def note_restored(state: Directory, batches: Iterable[Batch], run_id: str, now: Instant) -> None:
    """Note durably what a run is about to put back; only the holder of the root lock calls it.

    Before the first step: a run that is killed between a rename and its record must not leave a file behind that goes
    again the next night. A line for what was not put back after all makes its path younger, and removes nothing.

    Raises:
        UntrustedStateError: when the earlier lines are damaged.
        OSError: when they cannot be written.
    """
    paths = [
        join(batch.directory, entry.name)
        for batch in batches
        if batch.action is StepAction.RESTORE or batch.reason == REASON
        for entry in batch.entries
    ]
    if not paths:
        return
    with open_log(state, RESTORED) as log:
        lines, length = _lines(log.read(0, log.size))
        added = [RestoredLine(seq, now, run_id, encode_name(path)) for seq, path in enumerate(paths, len(lines) + 1)]
        # What a killed writer left behind proves nothing, and goes before the next line.
        log.cut(length)
        log.append(b"".join(close_line(msgspec.json.encode(line)) for line in added), durable=True)


def _lines(data: bytes) -> tuple[tuple[RestoredLine, ...], int]:
    lines, length, torn = whole_lines(data, RestoredLine)
    if not torn:
        raise UntrustedStateError(_WHERE, f"has a damaged line after line {len(lines)}", _HELP)
    return lines, length
