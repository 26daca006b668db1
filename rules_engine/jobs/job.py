"""What `with jobs.job(...) as job` gives: the paths of one running job, and what it may do with its own files."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from rules_engine.errors import InvalidValueError
from rules_engine.jobs.convert import absolute_path, relative_path
from rules_engine.jobs.discarding import discard
from rules_engine.jobs.models import CleanupResult, JobContext
from rules_engine.jobs.publishing import Existing, publish
from rules_engine.jobs.running import Running
from rules_engine.manifest.errors import JobFinishedError
from rules_engine.plan.layouts import create_batch
from rules_engine.values.vocabulary import FileType, JobId


class Job:
    """One running job; its methods may be called from several threads.

    Paths given may be absolute or relative to the root, never to the current directory; paths handed out are absolute.
    """

    def __init__(self, running: Running, environment: Mapping[str, str], context: Callable[[], JobContext]) -> None:
        self._running = running
        self._environment = environment
        self._context = context
        self._cleanup_result: CleanupResult | None = None

    @property
    def job_id(self) -> JobId:
        """The id of the job."""
        return self._running.record.job_id

    @property
    def context(self) -> JobContext:
        """The job as its manifest tells it now."""
        return self._context()

    @property
    def cleanup_result(self) -> CleanupResult | None:
        """What its end cleaned, and what is due when and by which rule; None while it runs."""
        return self._cleanup_result

    def path(self, name: str, file_type: FileType | str) -> Path:
        """Where to write a file of that name and type; it is declared before it exists, so a crash leaves no orphan.

        Raises:
            InvalidValueError: when the name is not one path component.
            JobFinishedError: when the job is finished.
        """
        self._check_running()
        running, kind = self._running, FileType(file_type)
        path = running.file_in_place(name, kind)
        running.store.add_files(self.job_id, [(path, kind)], workspaces_above=running.policies.workspaces_above)
        return absolute_path(running.root, path)

    def directory(self, name: str, file_type: FileType | str) -> Path:
        """A directory of that name; whatever lands in it is the job's and of that type.

        Raises:
            InvalidValueError: when the name is not one path component.
            JobFinishedError: when the job is finished.
            DirectoryNotMadeError: when it could not be made.
        """
        self._check_running()
        running, kind = self._running, FileType(file_type)
        path = running.file_in_place(name, kind)
        running.store.add_directory(self.job_id, path, None, kind, workspaces_above=running.policies.workspaces_above)
        running.make(create_batch(running.layout, path, self.job_id))
        return absolute_path(running.root, path)

    def publish(
        self,
        path: Path | str,
        file_type: FileType | str,
        *,
        existing: Literal["refuse", "trash"] = "refuse",
        **fields: str | int,
    ) -> Path:
        """Move a file of the job to its name in the output, and return its path there.

        `fields` fill what the name of the layout asks for, such as `index=1`. With `existing="trash"` a file that has
        the name already is set aside, unless it is protected, a rule keeps it, or another job that owns it runs.

        Raises:
            InvalidValueError: when the layout has no such deliverable, a field is missing or unknown, or there is no
                file.
            OutputTakenError: when another file has the name and is to stay.
            NotOursError: when the file, or the one in its place, may not be taken away by this job.
            NotPublishedError: when the system refused, or the file changed meanwhile.
        """
        self._check_running()
        if existing not in {one.value for one in Existing}:
            raise InvalidValueError("existing", str(existing), "is neither `refuse` nor `trash`")
        source = relative_path(self._running.root, path)
        target = publish(self._running, source, FileType(file_type), fields, Existing(existing))
        return absolute_path(self._running.root, target)

    def discard(self, path: Path | str) -> CleanupResult:
        """Remove a file, or a directory with all in it, that only this job owns: gone now, and the manifest says so.

        Raises:
            NotOursError: when anything of it is not the job's alone, or is protected; then nothing goes.
        """
        self._check_running()
        return discard(self._running, relative_path(self._running.root, path))

    def environment(self) -> dict[str, str]:
        """The environment for the commands of the job: `TMPDIR` in its workspace, `RULES_JOB_ID`, its directories."""
        return {**self._environment, **self._running.environment()}

    def end(self, result: CleanupResult) -> None:
        """Note what the end of the job cleaned; whoever manages the job calls it, once."""
        self._cleanup_result = result

    def _check_running(self) -> None:
        if self._cleanup_result is not None:
            raise JobFinishedError(self.job_id)
