"""Step 1 of a decision: what no rule and no command may touch, whatever it says."""

from typing import Final

from rules_engine.inventory.model import FileFact
from rules_engine.plan.given import Pin
from rules_engine.plan.model import Because, Kept
from rules_engine.plan.pinned import pin_name, pin_text
from rules_engine.plan.subject import Evidence, Owner
from rules_engine.values.paths import ROOT, RelPath, ancestors, is_at_or_below
from rules_engine.values.vocabulary import EntryKind, JobId, JobStatus

STATE: Final = ".rules"
"""The directory of the tool's own state; of this root, or of another one further down."""

_NEVER_INSIDE: Final = frozenset({".git", "lost+found", ".snapshot"})
_NEVER_NAMED: Final = (".nfs", ".fuse_hidden")
_REMEMBERED: Final = 4_096


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
    remembered = seen.protected_directories
    if directory not in remembered:
        if len(remembered) >= _REMEMBERED:
            remembered.clear()
        remembered[directory] = (
            _special(directory)
            or _own(directory, seen)
            or _pinned(seen.pinned.above(directory))
            or _marked(directory, seen)
            or _damaged(directory, seen)
        )
    return remembered[directory]


def pinned_at_or_below(directory: RelPath, seen: Evidence) -> Kept | None:
    """Why a pin keeps `directory` itself: one of it, above it, of anything below it, or of a job that has it or that.

    Whoever takes a directory away, empty or whole, asks this as well.
    """
    return _pinned(seen.pinned.around(directory))


def pinned_job(job_id: JobId, seen: Evidence) -> Kept | None:
    """Why everything that a job owns is kept, where the job is pinned."""
    return _pinned(seen.pinned.jobs.get(job_id))


def _special(directory: RelPath) -> Kept | None:
    for part in directory.split("/"):
        if part == STATE:
            return Kept(Because.OWN_STATE, "it is part of the state of rules-engine")
        if part in _NEVER_INSIDE:
            return Kept(Because.SPECIAL_NAME, f"it lies below a directory named `{part}`")
    return None


def _own(directory: RelPath, seen: Evidence) -> Kept | None:
    if any(is_at_or_below(directory, own) for own in seen.guards.own):
        return Kept(Because.OWN_STATE, "it lies in a policy folder")
    return None


def _pinned(pin: Pin | None) -> Kept | None:
    return Kept(Because.PINNED, pin_text(pin), pin=pin_name(pin)) if pin is not None else None


def _marked(directory: RelPath, seen: Evidence) -> Kept | None:
    if not seen.marked:
        return None
    for above in (directory, *ancestors(directory), ROOT):
        if above in seen.marked:
            return Kept(Because.KEEP_MARKER, marker_text(above, seen.marked[above]))
    return None


def marker_text(directory: RelPath, marker: str) -> str:
    """Why a keep marker keeps everything in `directory` and below, for people."""
    return f"`{directory or '.'}` has the keep marker `{marker}`"


def _damaged(directory: RelPath, seen: Evidence) -> Kept | None:
    for damage in seen.guards.damaged:
        if any(is_at_or_below(directory, named) for named in damage.below):
            return Kept(Because.DAMAGED_MANIFEST, f"the manifest of job `{damage.job_id}` may name it: {damage.why}")
        if damage.anywhere and not _in_workspace_of_another(directory, damage.job_id, seen):
            return Kept(Because.DAMAGED_MANIFEST, f"the manifest of job `{damage.job_id}` may name it: {damage.why}")
    return None


def _in_workspace_of_another(directory: RelPath, job_id: str, seen: Evidence) -> bool:
    # Declaring a path below another job's workspace is an error, so a lost line cannot name one there.
    return any(
        owner != job_id and seen.owners[owner].status is not JobStatus.UNTRUSTED
        for above in (directory, *ancestors(directory))
        for owner in seen.workspaces.get(above, ())
    )


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
