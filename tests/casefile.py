"""Planner cases: YAML scenarios to the values that `make_plan` takes, and the answer back to the words of a case."""

import datetime as dt
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from caseask import ASK_KEYS, CASES, Change, read_ask, read_change, read_earlier, shared_text
from caseback import read_restored, read_trash
from casemarks import MARK_KEYS, read_marked, read_pins

from rules_engine.inventory.model import DirectoryFacts, FileFact, Inventory, Problem
from rules_engine.manifest.model import Damage, DeclaredDirectory, JobRecord, Liveness
from rules_engine.plan.given import Ask, Guards
from rules_engine.values.paths import ROOT, RelPath, ancestors, name_of, parent, sort_key
from rules_engine.values.quantities import (
    FOREVER,
    Duration,
    Instant,
    format_duration,
    format_instant,
    instant_from,
    parse_duration,
    parse_instant,
    parse_size,
)
from rules_engine.values.vocabulary import (
    CleanupPolicy,
    DirectoryType,
    EntryKind,
    FileType,
    JobId,
    JobStatus,
    JobType,
)

_CASE_KEYS: Final = {
    "note", "now", "policies", "jobs", "files", "directories", "damaged", "unreadable", "own", "walked", "want",
    "earlier", "restored", "trash", *ASK_KEYS, *MARK_KEYS,
}  # fmt: skip
_JOB_KEYS: Final = {
    "id", "type", "status", "started", "ended", "last_sign", "parameters", "workspace", "output", "files",
    "directories", "cleanup", "lease", "liveness", "sealed", "status_link", "aliases",
}  # fmt: skip
_FILE_KEYS: Final = {"path", "size", "kind", "changed", "written", "vouched", "nlink", "repeat"}


@dataclass(frozen=True)
class Case:
    """One scenario: what `make_plan` is given, and the answer that is wanted of it."""

    path: str
    now: dt.datetime
    policy_texts: Mapping[str, str]
    """File name → YAML text, as a loader takes them."""
    jobs: tuple[JobRecord, ...]
    inventory: Inventory
    guards: Guards
    ask: Ask
    want: dict[str, Any]
    change: Change
    """What is asked for besides, as a change of the policies."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Path of a repeated file → the text that stands for all of them."""


def case_paths(folder: str) -> list[str]:
    """Every case file of a folder below `tests/cases`, in name order."""
    there = os.path.join(CASES, folder)
    return sorted(os.path.join(there, name) for name in os.listdir(there) if name.endswith(".yaml"))


def read_case(path: str) -> Case:
    """The case that the file at `path` writes."""
    with open(path, encoding="utf-8") as source:
        raw = yaml.safe_load(source)
    _only(raw, _CASE_KEYS, path)
    now = raw["now"]
    instant = instant_from(now)
    jobs = tuple(_job(one, instant) for one in raw.get("jobs", ()))
    files, groups = _files(raw.get("files", ()), instant)
    walked = raw.get("walked", True)
    problems = [Problem(RelPath(one["path"]), one["why"]) for one in raw.get("unreadable", ())]
    listed = _directories(raw.get("directories", ()), instant)
    tree = _tree(files, {**listed, **{one.path: instant for one in problems}}, walked=walked, now=instant)
    # A directory that cannot be read is known by its name alone: nothing is said of what it holds.
    closed = {one.path for one in problems}
    seen = tuple(one for one in tree if one.path not in closed)
    # Whose place among its like is asked for is looked at a second time: it finds the same.
    again = Inventory(seen, problems=problems)
    marked = read_marked(raw.get("marked", {}))
    inventory = Inventory(seen, lambda _jobs: again, problems=problems, marked=marked, walked=walked)
    damaged = tuple(_damage(one) for one in raw.get("damaged", ()))
    own = tuple(RelPath(one) for one in raw.get("own", ()))
    restored = read_restored(raw.get("restored", {}), lambda text: moment(text, instant))
    trash = read_trash(raw.get("trash", ()), lambda text: moment(text, instant))
    earlier = read_earlier(raw.get("earlier", ()))
    pins = read_pins(raw.get("pins", ()), lambda text: moment(text, instant))
    guards = Guards(damaged, own, root_id="case", pins=pins, earlier=earlier, restored=restored, trash=trash)
    texts = _policy_texts(raw.get("policies", ()))
    return Case(path, now, texts, jobs, inventory, guards, read_ask(raw), raw["want"], read_change(raw), groups)


def moment(text: object, now: Instant) -> Instant | None:
    """The instant that a case writes: `3d ago`, `in 3d`, `now`, ISO 8601, or `missing`."""
    if isinstance(text, dt.datetime):
        return instant_from(text)
    written = str(text)
    if written == "missing":
        return None
    if written == "now":
        return now
    if written.endswith(" ago"):
        return Instant(now - parse_duration(written.removesuffix(" ago")))
    if written.startswith("in "):
        return Instant(now + parse_duration(written.removeprefix("in ")))
    return parse_instant(written)


def describe_moment(instant: Instant, now: Instant) -> str:
    """How a case writes an instant that is still to come."""
    ahead = instant - now
    text = format_duration(ahead)
    # Two units are shown; where that is not the whole truth, only the exact time will do.
    return f"in {text}" if parse_duration(text) == ahead else format_instant(instant)


def _only(raw: Mapping[str, Any], known: set[str], where: str) -> None:
    # A misspelt key would be a case that quietly tests less than it says.
    unknown = set(raw) - known
    assert not unknown, f"{where}: unknown keys {sorted(unknown)}"


def _policy_texts(written: Sequence[Any]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for one in written:
        document = _shared(one) if isinstance(one, str) else one
        name = document.get("job_type") or document["kind"]
        places = ("", *(f"_{number}" for number in range(2, 10)))
        file = next(f"policies/{name}{place}.yaml" for place in places if f"policies/{name}{place}.yaml" not in texts)
        texts[file] = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return texts


def _shared(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(shared_text(name))
    return document


def _job(raw: Mapping[str, Any], now: Instant) -> JobRecord:
    _only(raw, _JOB_KEYS, raw["id"])
    status = JobStatus(raw.get("status", "completed"))
    default_end = "missing" if status is JobStatus.RUNNING else "30d ago"
    ended = moment(raw.get("ended", default_end), now)
    started = moment(raw.get("started", "40d ago"), now)
    last_sign = moment(raw.get("last_sign", "30d ago"), now)
    lease = moment(raw["lease"], now) if "lease" in raw else None
    assert started is not None
    assert last_sign is not None
    files: dict[RelPath, dict[str, FileType]] = {}
    for path, file_type in raw.get("files", {}).items():
        files.setdefault(parent(RelPath(path)), {})[name_of(RelPath(path))] = FileType(file_type)
    return JobRecord(
        job_id=JobId(raw["id"]),
        job_type=JobType(raw.get("type", "short_form")),
        status=status,
        started=started,
        workspace=RelPath(raw.get("workspace", f"scratch/{raw['id']}")),
        output=RelPath(raw.get("output", f"output/{raw['id']}")),
        ended=ended,
        last_sign=last_sign,
        parameters=raw.get("parameters", {}),
        status_link=RelPath(raw["status_link"]) if "status_link" in raw else None,
        aliases=tuple(RelPath(one) for one in raw.get("aliases", ())),
        files=files,
        directories={RelPath(path): _declared(one) for path, one in raw.get("directories", {}).items()},
        cleanup=_cleanup(raw["cleanup"]) if "cleanup" in raw else None,
        lease_until=lease,
        liveness=Liveness(raw.get("liveness", "unknown")),
        sealed=raw.get("sealed", False),
    )


def _declared(raw: Mapping[str, str]) -> DeclaredDirectory:
    directory, file_type = raw.get("directory"), raw.get("files")
    return DeclaredDirectory(
        DirectoryType(directory) if directory else None, FileType(file_type) if file_type else None
    )


def _cleanup(raw: Mapping[str, Any]) -> CleanupPolicy:
    types = raw.get("file_types")
    return CleanupPolicy(
        enabled=raw.get("enabled", True),
        retention=parse_duration(raw.get("retention", "0s")),
        preserve_on_failure=_preserve(raw.get("preserve_on_failure", False)),
        file_types=None if types is None else frozenset(FileType(one) for one in types),
        debug_mode_disables=raw.get("debug_mode_disables", False),
    )


def _preserve(raw: bool | str) -> Duration:
    if isinstance(raw, str):
        return parse_duration(raw)
    return FOREVER if raw else Duration(0)


def _files(written: Iterable[Mapping[str, Any]], now: Instant) -> tuple[list[FileFact], dict[str, str]]:
    files: list[FileFact] = []
    groups: dict[str, str] = {}
    for raw in written:
        _only(raw, _FILE_KEYS, raw["path"])
        if "repeat" not in raw:
            files.append(_file(RelPath(raw["path"]), raw, now))
            continue
        for number in range(raw["repeat"]):
            path = RelPath(raw["path"].replace("#", f"{number:05d}"))
            files.append(_file(path, raw, now))
            groups[path] = raw["path"]
    return files, groups


def _file(path: RelPath, raw: Mapping[str, Any], now: Instant) -> FileFact:
    size = raw.get("size", "1MiB")
    changed = moment(raw.get("changed", "30d ago"), now)
    return FileFact(
        directory=parent(path),
        name=name_of(path),
        kind=EntryKind(raw.get("kind", "file")),
        inode=1,
        size=None if size == "missing" else parse_size(size),
        mtime_ns=moment(raw["written"], now) if "written" in raw else changed,
        ctime_ns=changed,
        nlink=raw.get("nlink", 1),
        vouched=raw.get("vouched", False),
    )


def _directories(written: Iterable[str | Mapping[str, Any]], now: Instant) -> dict[RelPath, Instant | None]:
    """Directories that are there though no file tells of them, and when each changed: long ago unless it says so."""
    found: dict[RelPath, Instant | None] = {}
    for one in written:
        raw = {"path": one} if isinstance(one, str) else one
        _only(raw, {"path", "changed"}, raw["path"])
        found[RelPath(raw["path"])] = moment(raw.get("changed", "365d ago"), now)
    return found


def _tree(
    files: Sequence[FileFact], listed: Mapping[RelPath, Instant | None], *, walked: bool, now: Instant
) -> tuple[DirectoryFacts, ...]:
    paths = {ROOT, *listed, *(file.directory for file in files)}
    paths |= {above for path in paths if path for above in ancestors(path)}
    inside: dict[RelPath, list[FileFact]] = {path: [] for path in paths}
    for file in files:
        inside[file.directory].append(file)
    below: dict[RelPath, list[str]] = {path: [] for path in paths}
    for path in sorted(paths - {ROOT}, key=sort_key):
        below[parent(path)].append(name_of(path))
    return tuple(
        DirectoryFacts(
            path,
            tuple(sorted(inside[path], key=lambda file: sort_key(file.name))),
            tuple(below[path]),
            inode=100 + number,
            complete=walked,
            mtime_ns=listed.get(path, moment("365d ago", now)),
            ctime_ns=listed.get(path, moment("365d ago", now)),
        )
        for number, path in enumerate(sorted(paths, key=sort_key))
    )


def _damage(raw: Mapping[str, Any]) -> Damage:
    below = tuple(RelPath(one) for one in raw.get("below", ()))
    return Damage(raw["job"], raw["why"], below, anywhere=raw.get("anywhere", False))
