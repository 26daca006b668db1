"""What one decision looks at: a file as one of its owners sees it, or as nobody's."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import msgspec

from rules_engine.inventory.model import FileFact
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.given import Guards
from rules_engine.plan.pinned import Pinned, pinned_at
from rules_engine.plan.shelter import Shelter, no_shelters
from rules_engine.plan.standing import NO_RANKS, Ranks
from rules_engine.policy.built_in import built_in_rule
from rules_engine.policy.model import (
    Layout,
    PolicySet,
    Rule,
)
from rules_engine.values.paths import ROOT, RelPath, ancestors, is_at_or_below
from rules_engine.values.quantities import Instant
from rules_engine.values.trail import Trail
from rules_engine.values.vocabulary import FileType, JobId, JobStatus, Place

_NOTHING_MARKED: Final[Mapping[RelPath, str]] = MappingProxyType({})
_NOTHING_DECLARED: Final[Mapping[str, FileType]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Owner:
    """One job as this plan reads it: its status and end at `now`, and the layout of its type."""

    job: JobRecord
    status: JobStatus
    end: Instant | None
    layout: Layout | None

    def type_of(self, file: FileFact) -> FileType:
        """What the manifest says the file is; undeclared where it does not name it."""
        declared, inherited = self.types_in(file.directory)
        return declared.get(file.name, inherited)

    def types_in(self, directory: RelPath) -> tuple[Mapping[str, FileType], FileType]:
        """What the manifest says of files in a directory: of those that it names, and of all others."""
        job = self.job
        inherited = FileType.UNDECLARED
        if job.directories:
            # The nearest one above it speaks, also where it says nothing of types.
            nearest = next((one for one in (directory, *ancestors(directory), ROOT) if one in job.directories), None)
            found = job.directories[nearest].file_type if nearest is not None else None
            inherited = found or inherited
        return job.files.get(directory, _NOTHING_DECLARED), inherited

    def place_of(self, directory: RelPath) -> Place | None:
        """Whether a directory lies in the job's workspace or output; None where in neither."""
        if is_at_or_below(directory, self.job.workspace):
            return Place.WORKSPACE
        return Place.OUTPUT if is_at_or_below(directory, self.job.output) else None

    def is_deliverable(self, file_type: FileType, place: Place | None) -> bool:
        """Whether a file of that type there is a deliverable, as the layout of the job's type says."""
        return is_deliverable(self.layout, file_type, place)


def is_deliverable(layout: Layout | None, file_type: FileType, place: Place | None) -> bool:
    """Whether a file of that type there is a deliverable of a job with that layout."""
    if file_type == FileType.UNDECLARED and place is Place.WORKSPACE:
        return False
    holder = layout.holder(file_type) if layout else None
    if holder is not None:
        return holder.place is Place.OUTPUT
    return place is not Place.WORKSPACE


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one decision sees besides the file, its owners and the policies."""

    now: Instant
    guards: Guards
    owners: Mapping[JobId, Owner]
    links: Mapping[RelPath, JobId]
    """Status and alias links that layouts made, and the job that each belongs to."""
    workspaces: Mapping[RelPath, tuple[JobId, ...]]
    above_workspaces: frozenset[RelPath]
    """Every directory that a workspace lies below."""
    file_rules: tuple[Rule, ...]
    """The rules that decide about files, ordered by name; verdicts come in this order."""
    built_in: Rule | None
    """`settings.cleanup` as a rule; it acts where no rule of a policy selects. None in manual cleanup."""
    pinned: Pinned = field(default_factory=Pinned)
    """The pins that hold at `now`."""
    marked: Mapping[RelPath, str] = field(default_factory=dict)
    """Directories with a keep marker, and its name; whole for a directory and all above it before it is asked about."""
    ranks: Ranks = NO_RANKS
    """Which jobs are among the newest of their like, for the rules that ask; `plan/ranks.py` takes them."""
    unit_rules: tuple[Rule, ...] = ()
    """The rules that take directories whole, ordered by name."""
    taken_whole: dict[JobId, bool] = field(default_factory=dict, compare=False)
    """Whether a unit rule selects the workspace of a job, remembered."""
    shelters: Trail[Shelter] = field(default_factory=no_shelters, compare=False)
    """What speaks of all of a directory, remembered; its files, and the directories below it, ask one after another."""


def gather_evidence(
    policies: PolicySet,
    jobs: Iterable[JobRecord],
    guards: Guards,
    *,
    now: Instant,
    marked: Mapping[RelPath, str] = _NOTHING_MARKED,
) -> Evidence:
    """Read every job once at `now`; `marked` may grow while decisions are taken, but not above what was decided."""
    owners: dict[JobId, Owner] = {}
    links: dict[RelPath, JobId] = {}
    workspaces: dict[RelPath, tuple[JobId, ...]] = {}
    # By id: jobs of one episode share an alias, and the order in which they were read must not say whose it is.
    for job in sorted(jobs, key=lambda one: one.job_id):
        owners[job.job_id] = Owner(job, job.reading(now), job.end(now), policies.layouts.get(job.job_type))
        workspaces[job.workspace] = (*workspaces.get(job.workspace, ()), job.job_id)
        for link in (job.status_link, *job.aliases):
            if link is not None:
                links.setdefault(link, job.job_id)
    above = frozenset(directory for workspace in workspaces for directory in ancestors(workspace))
    built_in = built_in_rule(policies.settings.cleanup) if policies.built_in else None
    pinned = pinned_at(now, guards.pins, {job_id: owner.job for job_id, owner in owners.items()})
    return Evidence(
        now,
        guards,
        owners,
        links,
        workspaces,
        above,
        policies.file_rules,
        built_in,
        pinned,
        marked,
        unit_rules=policies.unit_rules,
    )


class Subject(msgspec.Struct, frozen=True):
    """A file as one owner sees it; without an owner, as nobody's."""

    file: FileFact
    path: RelPath
    owner: Owner | None
    file_type: FileType | None
    """None for an untracked file: nobody said what it is."""
    place: Place | None
    deliverable: bool
    restored: Instant | None = None
    """When it was put back from the trash: its age counts from then at the earliest."""


def subject_of(file: FileFact, owner: Owner | None, policies: PolicySet, restored: Instant | None = None) -> Subject:
    """The subject that `file` is to `owner`; `restored` is when it was put back from the trash."""
    path = file.path
    if owner is None:
        place = place_by_layouts(path, policies)
        names = output_names(policies)
        deliverable = names is not None and names.fullmatch(file.name) is not None
        return Subject(file, path, None, None, place, deliverable, restored)
    file_type = owner.type_of(file)
    place = owner.place_of(file.directory)
    return Subject(file, path, owner, file_type, place, owner.is_deliverable(file_type, place), restored)


def place_by_layouts(path: RelPath, policies: PolicySet) -> Place | None:
    """Where an untracked file lies, as layouts tell by what is above it: the same for all that lie beside it."""
    if any(layout.workspace.fits_above(path) for layout in policies.layouts.values()):
        return Place.WORKSPACE
    if any(layout.output.fits_above(path) for layout in policies.layouts.values()):
        return Place.OUTPUT
    return None


def output_names(policies: PolicySet) -> re.Pattern[str] | None:
    """What the names of untracked files look like that are deliverables; None where layouts name none."""
    # A deliverable whose manifest was lost must not become a stray file that a pattern takes.
    shapes = dict.fromkeys(
        template.shape.pattern
        for layout in policies.layouts.values()
        for file_type, template in layout.names
        if not _held_in_workspace(layout, file_type)
    )
    return re.compile("|".join(f"(?:{shape})" for shape in shapes), re.DOTALL) if shapes else None


def _held_in_workspace(layout: Layout, file_type: FileType) -> bool:
    holder = layout.holder(file_type)
    return holder is not None and holder.place is Place.WORKSPACE
