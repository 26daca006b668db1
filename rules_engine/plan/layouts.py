"""Layouts are plans too: the directories and links that a job gets, and the status link that moves."""

from rules_engine.manifest.model import JobRecord
from rules_engine.plan.model import Batch, Entry, StepAction
from rules_engine.policy.model import Layout, LayoutDirectory
from rules_engine.values.paths import RelPath, ancestors, join, name_of, parent, relative, sort_key
from rules_engine.values.vocabulary import EntryKind, JobId, Place


def directory_path(directory: LayoutDirectory, record: JobRecord) -> RelPath:
    """Where a directory of a layout lies for one job."""
    base = record.workspace if directory.place is Place.WORKSPACE else record.output
    return join(base, directory.name)


def start_batches(layout: Layout, record: JobRecord) -> tuple[Batch, ...]:
    """What starting a job makes: its directories, parents first, then its status link and aliases."""
    modes: dict[RelPath, int] = {}
    made = _bits(layout.directory_mode)
    for directory in layout.directories:
        path = directory_path(directory, record)
        _add(modes, path, made)
        if directory.mode is not None:
            modes[path] = directory.mode
    links = _links(layout, record)
    for path in (record.workspace, record.output, *map(parent, links)):
        _add(modes, path, made)
    return (*_directory_batches(modes, record), *_link_batches(links, record, StepAction.CREATE_LINK))


def _add(modes: dict[RelPath, int], path: RelPath, mode: int) -> None:
    """Have `path` and all above it; what is there has all above it, too."""
    while path and path not in modes:
        modes[path] = mode
        path = parent(path)


def create_batch(layout: Layout, path: RelPath, job_id: JobId) -> Batch:
    """What makes one directory that a running job asks for."""
    entry = Entry(name=name_of(path), kind=EntryKind.DIRECTORY, mode=_bits(layout.directory_mode))
    return Batch(parent(path), StepAction.CREATE_DIRECTORY, (entry,), owners=(job_id,), reason="declared")


def finish_batches(before: JobRecord, after: JobRecord, *, mode: int | None = None) -> tuple[Batch, ...]:
    """What finishing a job changes: its status link under the new status first, then the old one goes.

    Directories that have to be made for it get `mode`, the directory mode of the layout.
    """
    if after.status_link is None or before.status_link == after.status_link:
        return ()
    modes = dict.fromkeys(ancestors(after.status_link), _bits(mode))
    made = {after.status_link: after.output}
    batches = (*_directory_batches(modes, after), *_link_batches(made, after, StepAction.CREATE_LINK))
    if before.status_link is None:
        return batches
    gone = {before.status_link: before.output}
    return (*batches, *_link_batches(gone, before, StepAction.REMOVE_LINK))


def _bits(mode: int | None) -> int:
    """The permission bits as an entry holds them; -1 leaves them to the umask."""
    return -1 if mode is None else mode


def _links(layout: Layout, record: JobRecord) -> dict[RelPath, RelPath]:
    links: dict[RelPath, RelPath] = {}
    if record.status_link is not None:
        links[record.status_link] = record.output
    for alias, path in zip(layout.aliases, record.aliases, strict=True):
        directory = layout.directory(alias.directory)
        if directory is not None:
            links[path] = directory_path(directory, record)
    return links


def _directory_batches(modes: dict[RelPath, int], record: JobRecord) -> tuple[Batch, ...]:
    by_parent: dict[RelPath, list[Entry]] = {}
    for path in sorted(modes, key=sort_key):
        entry = Entry(name=name_of(path), kind=EntryKind.DIRECTORY, mode=modes[path])
        by_parent.setdefault(parent(path), []).append(entry)
    return tuple(
        Batch(
            directory,
            StepAction.CREATE_DIRECTORY,
            tuple(by_parent[directory]),
            owners=(record.job_id,),
            reason="layout",
        )
        for directory in sorted(by_parent, key=sort_key)
    )


def _link_batches(links: dict[RelPath, RelPath], record: JobRecord, action: StepAction) -> tuple[Batch, ...]:
    by_parent: dict[RelPath, list[Entry]] = {}
    for path in sorted(links, key=sort_key):
        target = relative(links[path], parent(path))
        by_parent.setdefault(parent(path), []).append(Entry(name=name_of(path), kind=EntryKind.LINK, target=target))
    return tuple(
        Batch(directory, action, tuple(by_parent[directory]), owners=(record.job_id,), reason="layout")
        for directory in sorted(by_parent, key=sort_key)
    )
