"""What tests of jobs are made of: two layouts, a clock that a test moves, looks at the tree."""

from pathlib import Path

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import RunResult
from rules_engine.filesystem.root import Root
from rules_engine.jobs.planning import survey
from rules_engine.policy.model import PolicySet
from rules_engine.values.quantities import Instant, parse_instant

LAYOUT = """
version: 1
kind: layout
job_type: short_form
parameters: {series: {default: _unsorted}, episode: {default: "{job_id}"}, language: {}}
workspace: "scratch/{job_id}"
output: "output/{series}/{episode}/{language}"
status: "jobs/{status}/{job_id}"
directories:
  temp:   {in: workspace}
  shorts: {in: output, holds: [final_video], mode: "775"}
aliases:
  "output/{series}/{episode}/translations/{language}/shorts": shorts
"""
PLAIN = """
version: 1
kind: layout
job_type: plain
workspace: "wip/{job_id}"
output: "plain/{job_id}"
directories:
  temp: {in: workspace}
"""
KOREAN = {"language": "ko"}


class LaterClock:
    """The present, moved on by what a test says."""

    def __init__(self) -> None:
        self.instant = parse_instant("2100-01-01")

    def now(self) -> Instant:
        """That instant; a nanosecond later at each reading."""
        self.instant = Instant(self.instant + 1)
        return self.instant

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.instant = Instant(self.instant + int(seconds * 1e9))


def tree(root: Root) -> list[str]:
    """Every path below the root but the state, in order."""
    top = Path(root.path)
    found = (path.relative_to(top) for path in top.rglob("*"))
    return sorted(str(path) for path in found if path.parts[0] != ".rules")


def apply_due(root: Root, policies: PolicySet, clock: LaterClock) -> RunResult:
    """Plan and apply what is due."""
    plan = survey(policies, root, clock).plan(clock.now())
    return apply_plan(plan, root, policies=policies, clock=clock)
