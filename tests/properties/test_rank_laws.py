"""The laws of ranks: each job has one place, and what cannot be read of one never removes more of another."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import event, given
from hypothesis import strategies as st
from makers import NOW
from msgspec.structs import replace as with_fields
from reached import reached
from strategies import LAW, jobs_of, worlds
from world import World, removed

from rules_engine.inventory.model import Inventory, Problem
from rules_engine.manifest.model import Damage, JobRecord
from rules_engine.plan.ranks import Look, with_ranks
from rules_engine.plan.select import MATCHED, select_file, select_like
from rules_engine.plan.standing import Placed, Ranks, Standing
from rules_engine.plan.subject import gather_evidence, subject_of
from rules_engine.policy.model import Rule
from rules_engine.values.vocabulary import JobId

SOME = st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=6, unique=True)


def ranks_of(world: World, look: Look) -> Ranks:
    """The ranks that whoever looks so takes."""
    seen = gather_evidence(world.policies, world.jobs, world.guards, now=world.now, marked=world.marked)
    return with_ranks(seen, world.policies, look).ranks


def crowd(world: World, data: st.DataObject) -> World:
    """The world with more jobs, so that there is something to rank."""
    ids = data.draw(SOME)
    known = {job.job_id for job in world.jobs}
    more = tuple(data.draw(jobs_of(one)) for one in ids if one not in known)
    return replace(world, jobs=(*world.jobs, *more))


def ranking(world: World) -> list[Rule]:
    """The rules that ask for ranks."""
    return [rule for rule in world.policies.rules if rule.jobs.ranks]


@LAW
@given(worlds(), st.data(), st.integers(0, 10_000))
def test_what_cannot_be_looked_at_never_removes_more(world: World, data: st.DataObject, seed: int) -> None:
    """A directory that could not be read removes nothing that would stay with what it holds, or were it empty."""
    world = crowd(world, data)
    hidden = world.directories[seed % len(world.directories)].path
    others = tuple(one for one in world.directories if one.path != hidden)

    def blind(_jobs: Sequence[JobRecord]) -> Inventory:
        return Inventory(others, problems=[Problem(hidden, "cannot be opened: Permission denied")])

    def bare(_jobs: Sequence[JobRecord]) -> Inventory:
        return Inventory(others)

    unsure, whole, empty = (
        removed(replace(world, ranks=ranks_of(world, look)).decisions()) for look in (blind, world.look_at, bare)
    )
    assert unsure <= whole & empty
    event("removes less" if unsure < whole & empty else "removes as much")


@LAW
@given(worlds(), st.data())
def test_a_manifest_that_says_nothing_never_removes_more(world: World, data: st.DataObject) -> None:
    """A damaged manifest of no known job removes nothing that would stay beside any job that it might be of."""
    world = replace(crowd(world, data), guards=replace(world.guards, damaged=()))
    told = replace(world, jobs=(*world.jobs, data.draw(jobs_of("z"))))
    lost = Damage("z", "line 1 is damaged", (), anywhere=True)
    unsure = replace(world, guards=replace(world.guards, damaged=(lost,)))
    # The files of a job that runs or is told are another matter: here only ranks count.
    with_doubt, with_job = (ranks_of(one, one.look_at) for one in (unsure, told))
    assert removed(replace(world, ranks=with_doubt).decisions()) <= removed(replace(world, ranks=with_job).decisions())


@LAW
@given(worlds(), st.data())
def test_at_most_so_many_jobs_of_a_group_that_have_something_are_among_the_newest(
    world: World, data: st.DataObject
) -> None:
    """And none of them ended before one that is beyond."""
    world = crowd(world, data)
    seen, files = world.evidence, world.owned()
    for rule in ranking(world):
        groups: dict[object, list[tuple[Placed, JobId]]] = {}
        for job in world.jobs:
            owner, standing = seen.owners[job.job_id], seen.ranks.of(rule, job.job_id)
            if not isinstance(standing, Placed) or select_like(rule.jobs, owner) != MATCHED:
                continue
            has = any(
                job in owners and select_file(rule, subject_of(fact, owner, world.policies)) == MATCHED
                for fact, owners in files
                if fact.kind in {"file", "link"}
                and not fact.name.startswith((".nfs", "lost+found"))
                and fact.path not in seen.links
            )
            if has:
                groups.setdefault((standing.group.job_type, standing.group.per), []).append((standing, job.job_id))
        for placed in groups.values():
            newest = [job_id for standing, job_id in placed if standing.among]
            beyond = [job_id for standing, job_id in placed if not standing.among]
            most = rule.jobs.newest or rule.jobs.beyond_newest or 0
            assert len(newest) <= most
            if beyond:
                event("has jobs beyond the newest")
                ends = {one: seen.owners[one].end or NOW for one in (*newest, *beyond)}
                assert all(ends[one] >= ends[other] for one in newest for other in beyond)


@LAW
@given(worlds(), st.data())
def test_looking_only_at_the_jobs_in_question_gives_the_same_places(world: World, data: st.DataObject) -> None:
    """Each of them once; what others have holds no place."""
    world = crowd(world, data)
    asked: list[JobId] = []

    def look(jobs: Sequence[JobRecord]) -> Inventory:
        asked.extend(job.job_id for job in jobs)
        theirs = {fact.path for fact, owners in world.owned() if any(job in jobs for job in owners)}
        return Inventory(
            [
                with_fields(one, files=tuple(fact for fact in one.files if fact.path in theirs))
                for one in world.directories
            ]
        )

    only, all_of_it = ranks_of(world, look), world.evidence.ranks
    assert len(asked) == len(set(asked))
    for rule in ranking(world):
        for job in world.jobs:
            assert only.of(rule, job.job_id) == all_of_it.of(rule, job.job_id)


def _side(standing: Standing) -> str:
    if isinstance(standing, Placed):
        return "among" if standing.among else "beyond"
    return "cannot be told" if "may hold a place" in standing.why else "has no place"


def _sides(drawn: tuple[World, st.DataObject]) -> set[str]:
    world = crowd(*drawn)
    ranks = world.evidence.ranks
    return {_side(ranks.of(rule, job.job_id)) for rule in ranking(world) for job in world.jobs}


def test_the_strategies_rank() -> None:
    """The laws are tried on worlds in which some are among the newest, some beyond, and some cannot be told."""
    hoped = {"among", "beyond", "cannot be told", "has no place"}
    assert reached(st.tuples(worlds(), st.data()), _sides, hoped) == hoped
