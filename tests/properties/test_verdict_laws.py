"""Files that share a judgement get the one that each would get alone, with every rule asked."""

from hypothesis import given
from strategies import LAW, worlds
from world import World

from rules_engine.plan.alike import Judge
from rules_engine.plan.decide import Judged, judge


@LAW
@given(worlds())
def test_a_shared_judgement_is_that_of_every_file_alone(world: World) -> None:
    """The decision is the same, and so is what the rules say that select the file, or nearly do."""
    seen = world.evidence
    # It remembers nothing, or next to nothing: then both ways are taken for files that are alike.
    judges = (Judge(world.policies, seen), Judge(world.policies, seen, remembered=1))
    for fact, owners in world.owned():
        alone = judge(fact, owners, world.policies, seen)
        for each in judges:
            assert told(each.judge(fact, owners)) == told(alone)


def told(judged: Judged) -> object:
    """What a plan takes from a judgement: the decision, and what was said beside which owner."""
    owners = [subject.owner.job.job_id if subject.owner else None for subject in judged.subjects]
    types = [(subject.file_type, subject.deliverable, subject.place) for subject in judged.subjects]
    said = [(one.pairs, one.keep, one.removal, one.reports, one.over) for one in judged.said]
    return judged.decision, owners, types, said
