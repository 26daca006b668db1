"""What stands after a command, with ids and times left out: two of these are equal where the commands did the same."""

import os
import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from rules_engine.apply.applied import read_applications, read_applied
from rules_engine.apply.pins import read_pins
from rules_engine.apply.restored import read_restored
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.runs import open_run_details, recorded_runs
from rules_engine.manifest.seal import Seal
from rules_engine.manifest.store import ManifestStore
from rules_engine.manifest.verify import verify
from rules_engine.values.names import decode_name

CONTENT: Final = "12345"
"""Of every file of a scene."""
_ID: Final = re.compile(r"[0-9a-f]{16}")
_VARYING: Final = re.compile(r'\d{16,}|(?<="crc":")[0-9a-f]{8}|(?<=\.jsonl\.)[0-9a-f]{8}')
"""Times, checks, and what tells files apart that were set aside."""
_SETTLED: Final = frozenset({"done", "gone"})
"""Killed between a removal and its record, the same step finds its entry gone: both say that it is not there."""


def look(top: Path, ids: Mapping[str, str], *, runs: bool) -> Any:
    """The tree and what the state says of it; of the recorded runs only where the same plan was carried out again."""
    names = {run_id: name for name, run_id in ids.items()}
    media = top / "media"
    with Root.open(str(media)) as root:
        state = root.require_state()
        applications = read_applications(state)
        return {
            "tree": [one for one in _tree(media) if not one[0].startswith(".rules")],
            "trash": _once((_named(path, names), what) for path, what in _tree(media / ".rules/trash")),
            "removing": _tree(media / ".rules/removing"),
            "jobs": _jobs(root),
            "findings": [str(one) for one in verify(state)],
            "applied": [(one.seq, one.digest, list(one.released), _named(one.run_id, names)) for one in applications],
            "policies": {one.digest: dict(read_applied(state, one.digest).sources) for one in applications},
            "restored": sorted(read_restored(state)),
            "pins": [(one.path, one.job) for one in read_pins(state)],
            "due": sorted(path.name for path in (media / ".rules/due").glob("*/*")),
            "handover": _lines(media / ".rules/handover.jsonl"),
            "manifests": [_lines_of(media / ".rules" / place) for place in ("manifests", "backups")],
            "opened": (media / ".rules/opened.json").exists(),
            "damaged": [_VARYING.sub("#", str(one)) for one in _tree(media / ".rules/damaged") if one[0][0] != "."],
            "runs": _runs(root, names) if runs else [],
        }


def _named(text: str, names: Mapping[str, str]) -> str:
    return _ID.sub(lambda found: names.get(found[0], "ID"), text)


def _once(found: Iterable[Any]) -> list[Any]:
    """What two runs set aside lies in two places, of which both have the same name here."""
    return [one for one, _ in groupby(sorted(found))]


def _tree(top: Path) -> list[tuple[str, Any]]:
    """Every entry below `top` with its kind, its bits and what it holds."""
    return sorted((os.fsdecode(path.relative_to(top)), _entry(path)) for path in top.rglob("*"))


def _entry(path: Path) -> Any:
    if path.is_symlink():
        return ["link", os.readlink(path)]
    bits = path.stat().st_mode & 0o7777
    return ["directory", bits] if path.is_dir() else ["file", bits, path.read_text(errors="replace")]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _lines_of(folder: Path) -> dict[str, list[str]]:
    """What the files of a folder say, without times and checks."""
    files = {path.name: path for path in sorted(folder.glob("*")) if not path.name.startswith(".")}
    return {name: [_VARYING.sub("#", line) for line in _lines(path)] for name, path in files.items()}


def _jobs(root: Root) -> Any:
    store = ManifestStore(root, SystemClock())
    loaded = store.load()
    return {
        "damaged": [str(one) for one in loaded.damaged],
        "notes": list(loaded.notes),
        "jobs": [
            {
                "id": job.job_id,
                "status": job.status,
                "sealed": job.sealed,
                "files": {path: dict(names) for path, names in sorted(job.files.items())},
                "seal": list(_seal(store.seal_of(job))),
            }
            for job in loaded.jobs
        ],
    }


def _seal(seal: Seal | None) -> Iterable[Any]:
    for path, one in seal.directories() if seal is not None else ():
        rows = [
            (decode_name(row.name), row.file_type, row.kind, row.size, row.nlink, row.look, row.absent)
            for row in one.rows
        ]
        yield path, one.complete, one.look, [decode_name(name) for name in one.subdirectories], rows


def _runs(root: Root, names: Mapping[str, str]) -> Any:
    """Each run: how it ended, and for each step whether it is settled, or why not."""
    found = []
    for run in recorded_runs(root):
        with open_run_details(root, run.run_id) as details:
            steps = [
                (past.batch.action, past.batch.directory, _named(entry.name, names), _outcome(outcome))
                for past in details.batches()
                for entry, outcome in zip(past.batch.entries, past.outcomes, strict=True)
            ]
        result = run.result
        counts = _counts(result.counts) if result is not None else {}
        bytes_moved = (result.set_aside, result.put_back) if result is not None else ()
        steps.sort(key=str)
        found.append(
            (names.get(run.run_id, "ID"), result.state if result is not None else "", bytes_moved, counts, steps)
        )
    return sorted(found)


def _outcome(outcome: Any) -> Any:
    if outcome is None:
        return None
    return "settled" if outcome.outcome in _SETTLED else (outcome.outcome, outcome.errno, outcome.cause)


def _counts(counts: Iterable[Any]) -> Any:
    found: dict[str, int] = {}
    for one in counts:
        key = f"{one.action} {'settled' if one.outcome in _SETTLED else one.outcome}"
        found[key] = found.get(key, 0) + one.steps
    return found


def wrong(top: Path, kept: Iterable[str], aside: Iterable[str], declared: Mapping[str, Iterable[str]]) -> list[str]:
    """What must never be, whenever somebody looks: what stays is not there, or what is set aside not exactly once.

    `declared` is what each job must still be known to have.
    """
    media = top / "media"
    found = [f"{name} is lost" for name in kept if (media / name).read_text() != CONTENT]
    for name in aside:
        places = [path for path in (media / name, *(media / ".rules/trash").glob(f"*/{name}")) if path.exists()]
        if [path.read_text() for path in places] != [CONTENT]:
            found.append(f"{name} is in {len(places)} places")
    with Root.open(str(media)) as root:
        loaded = ManifestStore(root, SystemClock()).load()
        if not declared and loaded.damaged:
            found.append(f"{[one.why for one in loaded.damaged]}")
        known = {job.job_id: {path for path, _ in _files(job.files)} for job in loaded.jobs}
        found += [
            f"{job_id} lost {name}" for job_id in declared for name in declared[job_id] if name not in known[job_id]
        ]
        read_pins(root.require_state())
        read_restored(root.require_state())
        read_applications(root.require_state())
    return found


def _files(files: Mapping[Any, Mapping[str, Any]]) -> Iterable[tuple[str, Any]]:
    return ((f"{path}/{name}", what) for path, names in files.items() for name, what in names.items())
