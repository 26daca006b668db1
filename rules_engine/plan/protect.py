"""Step 1 of a decision: what no rule and no command may touch, whatever it says."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Final

from rules_engine.inventory.model import FileFact
from rules_engine.plan.given import Pin
from rules_engine.plan.model import Because, Kept
from rules_engine.plan.pinned import pin_name, pin_text
from rules_engine.plan.shelter import Shelter
from rules_engine.plan.subject import Evidence, Owner
from rules_engine.values.paths import ROOT, RelPath, name_of, parent
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import EntryKind, JobId, JobStatus

STATE: Final = ".rules"
"""The directory of the tool's own state; of this root, or of another one further down."""

_NEVER_INSIDE: Final = frozenset({".git", "lost+found", ".snapshot"})
_NEVER_NAMED: Final = (".nfs", ".fuse_hidden")
_SPECIAL: Final = _NEVER_INSIDE | {STATE}
SPECIAL_BEGINS: Final = frozenset(name[0] for name in (*_SPECIAL, *_NEVER_NAMED))
"""What the names of all entries begin with that no rule reaches; most names do not."""


def protection(file: FileFact, owners: tuple[Owner, ...], seen: Evidence) -> Kept | None:
    """Why the file is protected; None where nothing protects it."""
    return (
        protection_of_directory(file.directory, seen)
        or _protection_of_name(file)
        or _protection_of_path(file, seen)
        or next((found for owner in owners if (found := protection_by_owner(owner, seen))), None)
    )


def protection_of_directory(directory: RelPath, seen: Evidence) -> Kept | None:
    """Why everything directly in `directory` is protected; None where nothing protects it."""
    return shelter_of(directory, seen).kept


def pinned_at_or_below(directory: RelPath, seen: Evidence) -> Kept | None:
    """Why a pin keeps `directory` itself: one of it, above it, of anything below it, or of a job that has it or that.

    Whoever takes a directory away, empty or whole, asks this as well.
    """
    shelter = shelter_of(directory, seen)
    return _pinned(shelter.pin or shelter.place or seen.pinned.holding.get(directory))


def pins_ended(path: RelPath, job_id: JobId | None, seen: Evidence) -> Instant | None:
    """When the last pin of `path`, of a directory above it, or of its owner ended; None where none did."""
    ends = (
        shelter_of(parent(path), seen).unpinned,
        seen.pinned.over_paths.get(path),
        seen.pinned.over_jobs.get(job_id) if job_id is not None else None,
    )
    return max((end for end in ends if end is not None), default=None)


def restored_at(path: RelPath, seen: Evidence) -> Instant | None:
    """When `path`, or a directory above it, was last put back from the trash; None where neither ever was."""
    restored = seen.guards.restored
    return _later(shelter_of(parent(path), seen).restored, restored.get(path)) if restored else None


def pinned_job(job_id: JobId, seen: Evidence) -> Kept | None:
    """Why everything that a job owns is kept, where the job is pinned."""
    return _pinned(seen.pinned.jobs.get(job_id))


def shelter_of(directory: RelPath, seen: Evidence) -> Shelter:
    """What speaks of everything in `directory`."""
    return seen.shelters.at(directory, partial(_step, seen))


def _step(seen: Evidence, above: Shelter, path: RelPath) -> Shelter:
    """What speaks of everything in `path`, by what does in the directory above it."""
    if not _adds(seen, path):
        return above
    pinned, jobs = seen.pinned, above.jobs.union(_trusted(path, seen))
    damaged = above.damaged.union(number for number, one in enumerate(seen.guards.damaged) if path in one.below)
    found = Shelter(
        special=above.special or _special(name_of(path)),
        own=Kept(Because.OWN_STATE, "it lies in a policy folder") if path in seen.guards.own else above.own,
        pin=pinned.paths.get(path, above.pin),
        place=pinned.places.get(path, above.place),
        marker=_marked(path, seen.marked[path]) if path in seen.marked else above.marker,
        damaged=damaged,
        jobs=jobs,
        unpinned=_later(above.unpinned, pinned.over_paths.get(path)),
        restored=_later(above.restored, seen.guards.restored.get(path)),
    )
    kept = found.special or found.own or _pinned(found.pin) or found.marker or _damaged(damaged, jobs, seen)
    return replace(found, kept=kept)


def _adds(seen: Evidence, path: RelPath) -> bool:
    """Whether anything is said of this very directory; hardly ever."""
    guards, pinned = seen.guards, seen.pinned
    return (
        name_of(path) in _SPECIAL
        or path in pinned.paths
        or path in seen.marked
        or path in guards.own
        or path in pinned.places
        or path in pinned.over_paths
        or path in guards.restored
        or any(path == ROOT or path in seen.workspaces or path in one.below for one in guards.damaged)
    )


def _later(one: Instant | None, other: Instant | None) -> Instant | None:
    return max((instant for instant in (one, other) if instant is not None), default=None)


def _special(name: str) -> Kept | None:
    if name == STATE:
        return Kept(Because.OWN_STATE, "it is part of the state of rules-engine")
    return Kept(Because.SPECIAL_NAME, f"it lies below a directory named `{name}`") if name in _NEVER_INSIDE else None


def _pinned(pin: Pin | None) -> Kept | None:
    return Kept(Because.PINNED, pin_text(pin), pin=pin_name(pin)) if pin is not None else None


def _marked(directory: RelPath, marker: str) -> Kept:
    return Kept(Because.KEEP_MARKER, marker_text(directory, marker))


def marker_text(directory: RelPath, marker: str) -> str:
    """Why a keep marker keeps everything in `directory` and below, for people."""
    return f"`{directory or '.'}` has the keep marker `{marker}`"


def _damaged(damaged: frozenset[int], jobs: frozenset[JobId], seen: Evidence) -> Kept | None:
    for number, damage in enumerate(seen.guards.damaged):
        # Declaring a path below another job's workspace is an error, so a lost line cannot name one there.
        is_elsewhere = any(job_id != damage.job_id for job_id in jobs)
        if number in damaged or (damage.anywhere and not is_elsewhere):
            return Kept(Because.DAMAGED_MANIFEST, f"the manifest of job `{damage.job_id}` may name it: {damage.why}")
    return None


def _trusted(workspace: RelPath, seen: Evidence) -> Iterable[JobId]:
    """The jobs with an intact manifest that have this workspace."""
    there = seen.workspaces.get(workspace, ())
    return (job_id for job_id in there if seen.owners[job_id].status is not JobStatus.UNTRUSTED)


def is_special(name: str) -> bool:
    """Whether no rule reaches an entry of that name."""
    return name == STATE or name in _NEVER_INSIDE or name.startswith(_NEVER_NAMED)


def _protection_of_name(file: FileFact) -> Kept | None:
    if file.kind not in {EntryKind.FILE, EntryKind.LINK}:
        return Kept(Because.NOT_A_FILE, "it is not a regular file or link")
    if is_special(file.name):
        return Kept(Because.SPECIAL_NAME, f"no rule reaches an entry named `{file.name}`")
    return None


def _protection_of_path(file: FileFact, seen: Evidence) -> Kept | None:
    pinned = seen.pinned.paths
    if not seen.guards.own and not pinned and file.kind is not EntryKind.LINK:
        return None
    path = file.path
    if path in seen.guards.own:
        return Kept(Because.OWN_STATE, "it is a plan")
    if path in pinned:
        return _pinned(pinned[path])
    if file.kind is EntryKind.LINK and path in seen.links:
        return Kept(Because.LAYOUT_LINK, f"it is a status link or alias of job `{seen.links[path]}`")
    return None


def protection_by_owner(owner: Owner, seen: Evidence) -> Kept | None:
    """Why everything that `owner` has is protected; None where nothing protects it."""
    job = owner.job
    pinned = pinned_job(job.job_id, seen)
    if pinned is not None:
        return pinned
    if owner.status is JobStatus.RUNNING:
        return Kept(Because.JOB_RUNNING, f"job `{job.job_id}` is running")
    if owner.status is JobStatus.UNTRUSTED:
        return Kept(Because.JOB_UNTRUSTED, f"the manifest of job `{job.job_id}` is damaged")
    if owner.layout is None:
        return Kept(Because.NO_LAYOUT, f"no layout has the type `{job.job_type}` of job `{job.job_id}`")
    return None
