"""Between what the spine holds (frozen records, paths below the root) and what a pipeline sees (models, `Path`s)."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem.root import Root
from rules_engine.jobs.models import CleanupPolicy, DirectoryStructure, JobContext, JobManifest
from rules_engine.manifest.model import DeclaredDirectory, JobRecord
from rules_engine.plan.layouts import directory_path
from rules_engine.plan.subject import Owner
from rules_engine.policy.model import Layout
from rules_engine.values.paths import RelPath, join, parse_relpath
from rules_engine.values.quantities import Instant, instant_to_datetime
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import CleanupPolicy as CleanupValues
from rules_engine.values.vocabulary import DirectoryType, FileType


def absolute_path(root: Root, path: RelPath) -> Path:
    """Where `path` lies on this host."""
    return Path(f"{root.path}/{path}") if path else Path(root.path)


def relative_path(root: Root, path: Path | str) -> RelPath:
    """The path below the root that a caller gives: absolute, or relative to the root, never to the current directory.

    Raises:
        InvalidValueError: when it lies outside the root, or cannot be a path; nothing is mended silently.
    """
    text = os.fspath(path)
    if not text.startswith("/"):
        return parse_relpath(text)
    top = f"{root.path}/"
    if not text.startswith(top):
        # The root may have been reached through a link, and a caller names its files by their real place.
        directory, name = os.path.split(text)
        text, top = f"{os.path.realpath(directory)}/{name}", f"{os.path.realpath(root.path)}/"
    if not text.startswith(top):
        raise InvalidValueError("path", escape(os.fspath(path)), f"does not lie in the root `{root.path}`")
    return parse_relpath(text[len(top) :])


def directory_structure(root: Root, layout: Layout | None, record: JobRecord) -> DirectoryStructure:
    """Where the directories of a job lie, as its layout says; without a layout its workspace and output alone."""
    places = [(one.key, directory_path(one, record)) for one in layout.directories] if layout else []
    return structure_of(root, record.output, record.workspace, places)


def structure_of(
    root: Root, output: RelPath, workspace: RelPath, places: Iterable[tuple[DirectoryType, RelPath]]
) -> DirectoryStructure:
    """The structure with these directories, those of the seed's names in fields of their own."""
    structure = DirectoryStructure(absolute_path(root, output), workspace_dir=absolute_path(root, workspace))
    for key, path in places:
        field = f"{key}_dir"
        if field in _FIELDS:
            setattr(structure, field, absolute_path(root, path))
        else:
            structure.other_dirs[key] = absolute_path(root, path)
    return structure


_FIELDS: Final = frozenset({"temp_dir", "slides_dir", "expressions_dir", "shorts_dir", "long_form_dir", "metadata_dir"})


def job_context(root: Root, layout: Layout | None, record: JobRecord, manifest: Path, *, now: Instant) -> JobContext:
    """The job as it runs; its files in order of their paths, temporary and deliverables apart."""
    owner = Owner(record, record.reading(now), record.end(now), layout)
    temporary: list[Path] = []
    deliverables: list[Path] = []
    for path, file_type, directory in _declared(record):
        is_deliverable = owner.is_deliverable(file_type, owner.place_of(directory))
        (deliverables if is_deliverable else temporary).append(absolute_path(root, path))
    return JobContext(
        job_id=record.job_id,
        job_type=record.job_type,
        start_time=instant_to_datetime(record.started),
        output_dir=absolute_path(root, record.output),
        manifest_path=manifest,
        directories=directory_structure(root, layout, record),
        temp_files=temporary,
        final_outputs=deliverables,
        parameters=dict(record.parameters),
        attempt=record.attempt,
        status=owner.status,
    )


def job_manifest(
    root: Root, layout: Layout | None, record: JobRecord, *, default: CleanupValues, now: Instant
) -> JobManifest:
    """All that the job declared, and the directories that its layout made for it; `default` is the settings' policy."""
    files: dict[FileType, list[Path]] = {}
    for path, file_type, _ in _declared(record):
        files.setdefault(file_type, []).append(absolute_path(root, path))
    directories: dict[DirectoryType, list[Path]] = {}
    for key, path in _directories(layout, record):
        place = absolute_path(root, path)
        if place not in directories.setdefault(key, []):
            directories[key].append(place)
    end = record.end(now)
    return JobManifest(
        job_id=record.job_id,
        created_at=instant_to_datetime(record.started),
        job_type=record.job_type,
        files=files,
        directories=directories,
        status=record.reading(now),
        cleanup_policy=CleanupPolicy.from_values(record.cleanup or default),
        parameters=dict(record.parameters),
        attempt=record.attempt,
        ended_at=instant_to_datetime(end) if end is not None else None,
    )


def _declared(record: JobRecord) -> Iterable[tuple[RelPath, FileType, RelPath]]:
    for directory, names in record.files.items():
        for name, file_type in names.items():
            yield join(directory, name), file_type, directory


def _directories(layout: Layout | None, record: JobRecord) -> Iterable[tuple[DirectoryType, RelPath]]:
    for one in layout.directories if layout else ():
        yield one.key, directory_path(one, record)
    for path, declared in record.directories.items():
        yield _key_of(layout, declared), path


def _key_of(layout: Layout | None, declared: DeclaredDirectory) -> DirectoryType:
    """The key of a declared directory: its own, or that of the layout's directory for what lands in it."""
    if declared.directory_type is not None:
        return declared.directory_type
    holder = layout.holder(declared.file_type) if layout and declared.file_type else None
    place = holder or (layout.catch_all() if layout else None)
    return place.key if place else DirectoryType.TEMP
