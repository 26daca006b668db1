"""Jobs that are ranked, and a disk to look at what they have."""

from collections.abc import Sequence
from typing import Any

from makers import NOW, days_ago, file, job, policies, removal

from rules_engine.inventory.model import DirectoryFacts, FileFact, Inventory, Problem, Skipped
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.given import Guards
from rules_engine.plan.ranks import with_ranks
from rules_engine.plan.standing import Placed
from rules_engine.plan.subject import Evidence, gather_evidence
from rules_engine.policy.model import FileSelector, JobSelector, Rule
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import FileType, JobId, JobStatus

VIDEO = FileType("final_video")


def beyond(most: int = 1, per: tuple[str, ...] = (), **fields: Any) -> Rule:
    """A removal of the videos of all jobs beyond the newest."""
    selector = JobSelector(statuses=frozenset({JobStatus.COMPLETED}), beyond_newest=most, per=per)
    values = {"jobs": selector, "files": FileSelector(types=frozenset({VIDEO})), "deliverables": True}
    return removal("beyond", **(values | fields))


def render(job_id: str, ended: float = 10, **fields: Any) -> JobRecord:
    """A job that has one video in an output of its own, and ended that many days ago."""
    values: dict[str, Any] = {
        "output": RelPath(f"out/{job_id}"),
        "ended": days_ago(ended),
        "files": {RelPath(f"out/{job_id}"): {"f": VIDEO}},
    }
    return job(job_id, **(values | fields))


def video(job_id: str, **fields: Any) -> FileFact:
    """The video of that job."""
    return file(f"out/{job_id}/f", **fields)


class Disk:
    """What is there, and which jobs were looked at."""

    def __init__(self, *files: FileFact, problems: Sequence[Problem] = (), skipped: Sequence[Skipped] = ()) -> None:
        self.files = files
        self.problems = list(problems)
        self.skipped = list(skipped)
        self.empty: list[DirectoryFacts] = []
        self.asked: list[list[str]] = []

    def look(self, jobs: Sequence[JobRecord]) -> Inventory:
        """What was found; read while it is gone through, as an inventory is."""
        self.asked.append([one.job_id for one in jobs])
        inventory = Inventory((), skipped=self.skipped)

        def found() -> Any:
            yield from self.empty
            for one in self.files:
                yield DirectoryFacts(one.directory, (one,))
            inventory.problems += self.problems

        inventory.directories = found()
        return inventory


def ranked(rule: Rule, jobs: Sequence[JobRecord], disk: Disk | None = None, **guards: Any) -> Evidence:
    """The evidence of these jobs under that rule, each with its video unless the disk says otherwise."""
    there = disk or Disk(*(video(one.job_id) for one in jobs))
    said = policies(rule)
    return with_ranks(gather_evidence(said, jobs, Guards(**guards), now=NOW), said, there.look)


def standing(seen: Evidence, rule: Rule, job_id: str) -> tuple[bool, int] | str:
    """Whether the job is among the newest, and its place; or why that cannot be told."""
    found = seen.ranks.of(rule, JobId(job_id))
    return (found.among, found.place) if isinstance(found, Placed) else found.why


def sides(rule: Rule, jobs: Sequence[JobRecord], disk: Disk | None = None, **guards: Any) -> dict[str, Any]:
    """Where each job stands."""
    seen = ranked(rule, jobs, disk, **guards)
    return {one.job_id: standing(seen, rule, one.job_id) for one in jobs}
