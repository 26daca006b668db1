"""DirectoryManager: the directories of a job, and the names and keys under which older code looks for them."""

import logging
from collections.abc import Mapping
from pathlib import Path

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.aliases import resolve_alias
from rules_engine.jobs.convert import absolute_path, directory_structure, relative_path, structure_of
from rules_engine.jobs.current import Policies, current
from rules_engine.jobs.lifecycle import DirectoryNotMadeError, carry_out
from rules_engine.jobs.models import DirectoryStructure, JobContext
from rules_engine.jobs.starting import layout_of, request_for
from rules_engine.manifest.errors import JobFinishedError
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.layouts import directory_path, start_batches
from rules_engine.plan.model import StepAction
from rules_engine.policy.model import Layout
from rules_engine.values.clock import Clock
from rules_engine.values.paths import RelPath, join, parse_relpath
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import DirectoryType, JobStatus, JobType, Place


class DirectoryManager:
    """Makes the directories that the layout of a job requires, and no others; tells where they are."""

    def __init__(
        self, root: Root, policies: Policies, clock: Clock | None = None, *, logger: logging.Logger | None = None
    ) -> None:
        self._root = root
        self._policies = policies
        self._clock = clock or SystemClock()
        self._logger = logger or logging.getLogger("rules_engine.directories")
        self._store = ManifestStore(root, self._clock)

    def create_job_directories(self, job_context: JobContext) -> DirectoryStructure:
        """Make what the layout requires for a running job, and its links; what is there already stays as it is.

        Modes are those of the layout. A link that could not be made is logged.

        Raises:
            UnknownJobError: when no manifest tells of the job; JobFinishedError: when it does not run.
            NoLayoutError: when no layout has its type any more.
            DirectoryNotMadeError: when a directory could not be made.
        """
        policies = current(self._policies)
        record = self._store.get(job_context.job_id)
        if record.reading(self._clock.now()) is not JobStatus.RUNNING:
            raise JobFinishedError(record.job_id)
        layout = layout_of(policies, record.job_type)
        for noted in carry_out(start_batches(layout, record), self._root, policies, self._clock):
            if noted.action is StepAction.CREATE_DIRECTORY:
                raise DirectoryNotMadeError(record.job_id, noted.path, noted.cause)
            self._logger.warning(
                "job `%s` has no link `%s`: %s", record.job_id, escape(noted.path), escape(noted.cause)
            )
        return directory_structure(self._root, layout, record)

    def should_create_directory(self, dir_type: DirectoryType | str, job_type: JobType | str) -> bool:
        """Whether a job of that type gets a directory of that key.

        Raises:
            NoLayoutError: when no layout has the job type.
        """
        return layout_of(current(self._policies), job_type).directory(DirectoryType(dir_type)) is not None

    def get_simplified_structure(
        self,
        job_type: JobType | str,
        *,
        job_id: str | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> DirectoryStructure:
        """Where the directories of a job of that type lie; none is made, and the job need not exist.

        Without `job_id`, what nobody has said stands as its field, such as `{job_id}` or `{series}`; with it,
        parameters have their defaults.

        Raises:
            NoLayoutError: when no layout has the job type.
            InvalidValueError: for an id or a parameter that cannot be one.
        """
        layout = layout_of(current(self._policies), job_type)
        if job_id is not None:
            request = request_for(layout, job_id, parameters or {})
            workspace, output = request.workspace, request.output
        else:
            values = _with_fields(layout, parameters or {})
            workspace = parse_relpath(layout.workspace.fill(values))
            output = parse_relpath(layout.output.fill(values))
        tops = {Place.WORKSPACE: workspace, Place.OUTPUT: output}
        places = [(one.key, join(tops[one.place], one.name)) for one in layout.directories]
        return structure_of(self._root, output, workspace, places)

    def path_for_key(self, job_id: str, key: str) -> Path:
        """The path that older code asks for by a key such as `final_videos`, for one job.

        Raises:
            UnknownJobError: when no manifest tells of the job.
            NoLayoutError: when no layout has its type any more.
            InvalidValueError: when its layout has no such key.
        """
        paths = self.paths_by_key(job_id)
        if key not in paths:
            known = ", ".join(paths)
            raise InvalidValueError(
                "path key", escape(key), f"is none of the layout of job `{job_id}`; it has: {known}"
            )
        return paths[key]

    def paths_by_key(self, job_id: str) -> dict[str, Path]:
        """Every path of a job by every key that stands for it: those of its directories, then `keys` of its layout.

        Raises:
            UnknownJobError, NoLayoutError: as `path_for_key`.
        """
        record = self._store.get(job_id)
        layout = layout_of(current(self._policies), record.job_type)
        names = [*(str(one.key) for one in layout.directories), *(one.name for one in layout.keys)]
        return {name: absolute_path(self._root, _path_of_key(layout, record, name)) for name in names}

    def resolve(self, old_path: Path | str) -> Path:
        """The real path of what is named by an alias of some layout; any other path as it is. Resolved once.

        Needs neither the link nor the file to exist.

        Raises:
            InvalidValueError: for a path outside the root, or an alias that could stand for several paths.
        """
        path = relative_path(self._root, old_path)
        real = resolve_alias(path, current(self._policies), lambda: self._store.load().jobs)
        return absolute_path(self._root, real)


def _path_of_key(layout: Layout, record: JobRecord, key: str) -> RelPath:
    target = layout.target_of(key)
    if isinstance(target, Place):
        return record.workspace if target is Place.WORKSPACE else record.output
    held = layout.directory(target) if target is not None else None
    # Loading has checked that every key stands for something.
    return directory_path(held, record) if held is not None else record.output


def _with_fields(layout: Layout, given: Mapping[str, str]) -> dict[str, str]:
    known = [name for name, _ in layout.parameters]
    for name in given:
        if name not in known:
            text = f"is none of layout `{layout.job_type}`; it has: {', '.join(known) or 'none'}"
            raise InvalidValueError("parameter", escape(name), text)
    return {name: f"{{{name}}}" for name in ("job_id", *known)} | dict(given)
