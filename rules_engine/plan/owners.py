"""Who owns a file: the jobs whose manifest names it, and the job whose workspace contains it."""

from collections.abc import Iterable

from rules_engine.inventory.model import FileFact
from rules_engine.manifest.model import JobRecord
from rules_engine.values.paths import RelPath, ancestors


class OwnerIndex:
    """Finds owners directory by directory, so that a file costs one look-up."""

    def __init__(self, jobs: Iterable[JobRecord]) -> None:
        self._declared: dict[RelPath, list[JobRecord]] = {}
        self._workspaces: dict[RelPath, list[JobRecord]] = {}
        for job in sorted(jobs, key=lambda one: one.job_id):
            self._workspaces.setdefault(job.workspace, []).append(job)
            for directory in job.files:
                self._declared.setdefault(directory, []).append(job)

    def of_directory(self, directory: RelPath) -> "DirectoryOwners":
        """The jobs that own everything in `directory`, and those that name files of it."""
        containing: list[JobRecord] = []
        for above in (directory, *ancestors(directory)):
            containing += self._workspaces.get(above, ())
        return DirectoryOwners(tuple(containing), tuple(self._declared.get(directory, ())))


class DirectoryOwners:
    """The owners of the files of one directory."""

    def __init__(self, containing: tuple[JobRecord, ...], naming: tuple[JobRecord, ...]) -> None:
        self.containing = containing
        """Jobs whose workspace contains the directory."""
        self._naming = tuple(job for job in naming if job not in containing)

    def of(self, file: FileFact) -> tuple[JobRecord, ...]:
        """The owners of `file`, ordered by job id."""
        naming = tuple(job for job in self._naming if file.name in job.files[file.directory])
        if not naming or not self.containing:
            return naming or self.containing
        return tuple(sorted((*self.containing, *naming), key=lambda job: job.job_id))
