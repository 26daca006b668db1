"""A root with one file in it: the plan that is made for an example that a proof came up with."""

from rules_engine.analysis.guarantees import Broken
from rules_engine.inventory.model import DirectoryFacts, FileFact, Inventory
from rules_engine.plan.given import Ask, Guards
from rules_engine.plan.model import Decision
from rules_engine.plan.planner import make_plan
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import ROOT, RelPath, ancestors, name_of
from rules_engine.values.quantities import Instant, instant_to_datetime


def directories_to(file: FileFact) -> tuple[DirectoryFacts, ...]:
    """The directories from the root down to the file, each with nothing in it but the next."""
    chain = (file.path, *ancestors(file.path), ROOT)
    return tuple(
        DirectoryFacts(above, (file,) if at == 0 else (), (name_of(chain[at]),) if at else (), 100 + at, complete=True)
        for at, above in reversed(tuple(enumerate(chain[1:])))
    )


def plan_for(policies: PolicySet, broken: Broken) -> dict[RelPath, Decision]:
    """What a plan of that moment decides in a root with that file alone, by path."""
    situation = broken.situation
    found: dict[RelPath, Decision] = {}

    def watch(file: FileFact, decision: Decision) -> None:
        found[file.path] = decision

    make_plan(
        policies,
        situation.owners,
        Inventory(directories_to(situation.file), walked=True),
        Guards(),
        now=instant_to_datetime(Instant(situation.born + broken.taken.age)),
        ask=Ask(limits={"files": None, "bytes": None}),
        watch=watch,
    ).collected()
    return found
