"""Who owns a file: the jobs whose manifest names it, and those that have a place above it."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cached_property

from rules_engine.inventory.model import FileFact
from rules_engine.manifest.model import JobRecord
from rules_engine.values.paths import RelPath, name_of, parent, sort_key
from rules_engine.values.several import Several
from rules_engine.values.trail import Trail
from rules_engine.values.vocabulary import JobId


class OwnerIndex:
    """Finds owners directory by directory, so that a file costs one look-up."""

    def __init__(self, jobs: Iterable[JobRecord]) -> None:
        self._declared: Several[RelPath, JobRecord] = Several()
        self._places: Several[RelPath, JobRecord] = Several()
        for job in sorted(jobs, key=lambda one: one.job_id):
            for place in job.places:
                self._places.add(place, job)
            for directory in job.files:
                self._declared.add(directory, job)
        self._whole: Trail[tuple[JobRecord, ...]] = Trail(())

    @cached_property
    def _paths(self) -> Sequence[RelPath]:
        """Every directory that a job has or names, in order; asked for by rules about directories alone."""
        return sorted({*self._places.keys, *self._declared.keys}, key=sort_key)

    @cached_property
    def _order(self) -> Sequence[bytes]:
        return [sort_key(path) for path in self._paths]

    def of_directory(self, directory: RelPath) -> "DirectoryOwners":
        """The jobs that own everything in `directory`, and those that name files of it."""
        whole = self._whole.at(directory, self._with_places)
        ids = {job.job_id for job in whole}
        naming = tuple(job for job in self._declared.of(directory) if job.job_id not in ids)
        return DirectoryOwners(whole, naming)

    def _with_places(self, above: tuple[JobRecord, ...], directory: RelPath) -> tuple[JobRecord, ...]:
        """The jobs that own everything in `directory`, by id: those of the directory above, and whose place it is."""
        found = self._places.of(directory)
        if not found:
            return above
        return tuple(sorted({job.job_id: job for job in (*above, *found)}.values(), key=_id_of))

    def at_or_below(self, directory: RelPath) -> tuple[JobId, ...]:
        """Every job that a directory is about, by id: with a place at, above or below it, or naming a file below."""
        found = {job.job_id for job in self.of_directory(directory).whole}
        first = sort_key(directory)
        for at in range(bisect_left(self._order, first), len(self._order)):
            place = self._order[at]
            if place != first and not place.startswith(first + b"\0"):
                break
            path = self._paths[at]
            jobs = (*self._places.of(path), *self._declared.of(path))
            found.update(job.job_id for job in jobs)
        # Somebody may have declared it as a file, before it became a directory.
        above, name = parent(directory), name_of(directory)
        found.update(job.job_id for job in self._declared.of(above) if name in job.files[above])
        return tuple(sorted(found))


def _id_of(job: JobRecord) -> JobId:
    return job.job_id


class DirectoryOwners:
    """The owners of the files of one directory."""

    def __init__(self, whole: tuple[JobRecord, ...], naming: tuple[JobRecord, ...] = ()) -> None:
        self.whole = whole
        """Jobs that own whatever lies in the directory, ordered by job id."""
        self._naming = naming

    @property
    def are_the_same(self) -> bool:
        """Whether all files of the directory have the same owners."""
        return not self._naming

    def of(self, file: FileFact) -> tuple[JobRecord, ...]:
        """The owners of `file`, ordered by job id."""
        naming = tuple(job for job in self._naming if file.name in job.files[file.directory])
        if not naming or not self.whole:
            return naming or self.whole
        return tuple(sorted((*self.whole, *naming), key=_id_of))

    def divide(self, files: Sequence[FileFact]) -> Iterable[tuple[tuple[JobRecord, ...], Sequence[FileFact]]]:
        """Files of the directory by their owners."""
        if not self._naming:
            return ((self.whole, files),)
        # By name: to ask every job about every file would take the square, where each job has one file in there.
        naming: dict[str, list[JobRecord]] = {}
        for job in self._naming:
            for name in job.files[files[0].directory]:
                naming.setdefault(name, []).append(job)
        found: dict[tuple[JobId, ...], tuple[tuple[JobRecord, ...], list[FileFact]]] = {}
        for file in files:
            jobs = naming.get(file.name, ())
            ids = tuple([job.job_id for job in jobs])
            if ids not in found:
                found[ids] = (tuple(sorted((*self.whole, *jobs), key=_id_of)), [])
            found[ids][1].append(file)
        return found.values()
