"""Where jobs and layouts have their places: directories that neither a unit nor a rule about empty ones takes."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from rules_engine.plan.subject import Evidence, Owner
from rules_engine.policy.layout_model import Layout
from rules_engine.policy.model import PolicySet
from rules_engine.policy.templates import Template, parse_template
from rules_engine.values.paths import RelPath, ancestors
from rules_engine.values.vocabulary import JobId


class Places:
    """The workspaces, outputs and declared directories of all jobs, and those that layouts could make."""

    def __init__(self, policies: PolicySet, seen: Evidence) -> None:
        self._layouts = policies.layouts
        self._seen = seen

    @cached_property
    def _taken(self) -> Mapping[RelPath, tuple[str, JobId]]:
        # Made when it is first asked for: most policies have no rule about directories, and some roots many jobs.
        seen = self._seen
        outputs = {owner.job.output: owner.job.job_id for owner in _backwards(seen)}
        declared = {path: owner.job.job_id for owner in _backwards(seen) for path in owner.job.directories}
        workspaces = {path: job_ids[0] for path, job_ids in seen.workspaces.items()}
        return {
            **{path: ("a directory", job_id) for path, job_id in declared.items()},
            **{path: ("the output", job_id) for path, job_id in outputs.items()},
            **{path: ("the workspace", job_id) for path, job_id in workspaces.items()},
        }

    @cached_property
    def _above(self) -> Mapping[RelPath, tuple[str, JobId]]:
        return _above(self._taken)

    @cached_property
    def _made(self) -> tuple["_Made", ...]:
        return tuple(_Made(layout) for layout in self._layouts.values())

    def why_no_unit(self, directory: RelPath) -> str | None:
        """Why a directory can never go whole as one that nobody owns: it holds such a place or lies in one."""
        for above in (directory, *ancestors(directory)):
            if above in self._taken:
                return "it {} {} of job `{}`".format("is" if above == directory else "lies in", *self._taken[above])
        if directory in self._above:
            return "it holds {} of job `{}`".format(*self._above[directory])
        return next((why for made in self._made if (why := made.why_no_unit(directory))), None)

    def why_not_when_empty(self, directory: RelPath) -> str | None:
        """Why a directory stays though it is empty: it is such a place, or leads to one."""
        if directory in self._taken:
            return "it is {} of job `{}`".format(*self._taken[directory])
        if directory in self._above:
            return "it holds {} of job `{}`".format(*self._above[directory])
        return next((why for made in self._made if (why := made.why_not_when_empty(directory))), None)


class _Made:
    """The directories that one layout can make, whatever the parameters of a job."""

    def __init__(self, layout: Layout) -> None:
        self._job_type = layout.job_type
        self._places = (("workspace", layout.workspace), ("output", layout.output))
        self._steps = tuple(_steps(place) for _, place in self._places)

    def why_no_unit(self, directory: RelPath) -> str | None:
        for kind, place in self._places:
            if place.fits(directory) or place.fits_above(directory) is not None:
                return f"it lies where layout `{self._job_type}` has the {kind} of a job"
        parts = directory.split("/")
        for steps in self._steps:
            if len(parts) < len(steps) and all(step.fits(part) for step, part in zip(steps, parts, strict=False)):
                return f"layout `{self._job_type}` has places of jobs in it"
        return None

    def why_not_when_empty(self, directory: RelPath) -> str | None:
        for kind, place in self._places:
            if place.fits(directory):
                return f"it lies where layout `{self._job_type}` has the {kind} of a job"
        return None


def _steps(place: Template) -> tuple[Template, ...]:
    # A field never makes a `/`, so each component can be asked for itself.
    return tuple(parse_template(part) for part in place.text.split("/"))


def _backwards(seen: Evidence) -> Iterator[Owner]:
    # The first job by id stands for a place that several have: later ones are overwritten.
    for job_id in sorted(seen.owners, reverse=True):
        yield seen.owners[job_id]


def _above(taken: Mapping[RelPath, tuple[str, JobId]]) -> dict[RelPath, tuple[str, JobId]]:
    found: dict[RelPath, tuple[str, JobId]] = {}
    for path in sorted(taken):
        for above in ancestors(path):
            found.setdefault(above, taken[path])
    return found
