"""The laws of plans that one call asks for: by hand, by age, of some jobs, without the shield."""

from dataclasses import replace

from hypothesis import event, given
from hypothesis import strategies as st
from makers import narrow
from strategies import LAW, worlds
from world import World, due, removed

from rules_engine.inventory.model import Inventory
from rules_engine.plan.given import Ask
from rules_engine.plan.model import Because, Kept, Plan, Remove, StepAction
from rules_engine.plan.planner import make_plan
from rules_engine.plan.protect import protection
from rules_engine.policy.built_in import BY_AGE, MANUAL, manual_policies, with_cleanup_by_age, without_shield
from rules_engine.policy.model import Action, PolicySet
from rules_engine.policy.patterns import PatternList
from rules_engine.values.paths import RelPath, join
from rules_engine.values.quantities import DAY, Duration, instant_to_datetime
from rules_engine.values.vocabulary import JobId, JobStatus

AGES = st.sampled_from([0, 0, 0, 1, 10]).map(lambda count: Duration(count * DAY))
MATCHES = st.sampled_from(["/**", "/**", "/**", "temp_*", "*.part", "/scratch/", "/out/", "notes", "**/slides/"]).map(
    narrow
)

KEEPS = {Because.KEEP_RULE, Because.KEEP_RULE_CANNOT_TELL}


def under(world: World, policies: PolicySet) -> World:
    """The same world under the policies of one call."""
    return replace(world, policies=policies)


@LAW
@given(worlds(), MATCHES, AGES, st.booleans(), st.booleans())
def test_manual_cleanup_removes_what_its_pattern_matches_and_nothing_protects(
    world: World, match: PatternList, age: Duration, deliverables: bool, include_failed: bool
) -> None:
    """Whatever policies, jobs and files there are: the pattern, the words, keep rules and protections hold."""
    policies = manual_policies(
        world.policies, match, older_than=age, deliverables=deliverables, include_failed=include_failed
    )
    manual = under(world, policies)
    seen, decisions = manual.evidence, manual.decisions()
    for file, owners in manual.owned():
        decision = decisions[file.path]
        if not isinstance(decision, Remove):
            continue
        event("removes by hand")
        views = tuple(seen.owners[one.job_id] for one in owners)
        assert (decision.rules, decision.action) == ((MANUAL,), Action.TRASH)
        assert match.match(file.path) is not None
        assert protection(file, views, seen) is None
        assert deliverables or not decision.deliverable
        assert all(view.status is not JobStatus.RUNNING for view in views)
        assert all(view.job.cleanup is None or view.job.cleanup.enabled for view in views)


@LAW
@given(worlds())
def test_a_hand_that_does_not_say_the_word_takes_no_deliverable(world: World) -> None:
    """However far it reaches otherwise; with the word it does take some."""
    without, more = (
        under(
            world,
            manual_policies(
                world.policies, narrow("/**"), older_than=Duration(0), deliverables=word, include_failed=True
            ),
        ).decisions()
        for word in (False, True)
    )
    taken = {path for path in removed(more) if getattr(more[path], "deliverable", False)}
    if taken:
        event("takes deliverables")
    assert removed(without) == removed(more) - taken


@LAW
@given(worlds(), MATCHES, AGES)
def test_manual_cleanup_never_removes_what_a_keep_rule_keeps(world: World, match: PatternList, age: Duration) -> None:
    """What the keep rules of the policies keep under no removal at all, no hand removes either."""
    keeping = world.with_rules(world.policies.keep_rules).decisions()
    held = {path for path, one in keeping.items() if isinstance(one, Kept) and one.because in KEEPS}
    manual = under(
        world, manual_policies(world.policies, match, older_than=age, deliverables=True, include_failed=True)
    )
    assert removed(manual.decisions()).isdisjoint(held)


@LAW
@given(worlds(), MATCHES, AGES, st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_the_switches_of_automatic_cleanup_mean_nothing_to_a_hand(
    world: World, match: PatternList, age: Duration, switches: tuple[bool, bool, bool]
) -> None:
    """The same files go, whether automatic cleanup is on, off, or in debug mode."""
    enabled, debug, disables = switches
    cleanup = replace(world.policies.settings.cleanup, enabled=enabled, debug_mode_disables=disables)
    other = replace(world.policies, settings=replace(world.policies.settings, debug=debug, cleanup=cleanup))
    assert (
        under(world, manual_policies(world.policies, match, older_than=age)).decisions()
        == under(world, manual_policies(other, match, older_than=age)).decisions()
    )


@LAW
@given(worlds(), AGES)
def test_cleanup_by_age_adds_only_old_temporary_files_of_ended_jobs(world: World, age: Duration) -> None:
    """What goes otherwise than by the policies goes by that rule, which takes no deliverable and nothing young."""
    before, after = world.decisions(), under(world, with_cleanup_by_age(world.policies, age)).decisions()
    wait = max(age, world.policies.settings.cleanup.retention)
    owners = {file.path: jobs for file, jobs in world.owned()}
    for path in removed(after):
        decision = after[path]
        assert isinstance(decision, Remove)
        if BY_AGE in decision.rules:
            event("removes by age")
            # Of several owners one may see a deliverable, or a younger end, and another rule speak for it.
            assert not decision.deliverable or len(owners[path]) > 1
            assert any(world.now - (job.end(world.now) or world.now) >= wait for job in owners[path])
        else:
            assert before[path] == decision


@LAW
@given(worlds())
def test_without_the_shield_nothing_is_due_later(world: World) -> None:
    """Lifting it can bring a file forward, never hold one back."""
    lifted = under(world, without_shield(world.policies)).decisions()
    for path, decision in world.decisions().items():
        until = due(decision)
        if until is not None:
            sooner = due(lifted[path])
            assert sooner is not None
            assert sooner <= until


@LAW
@given(worlds(), st.sets(st.sampled_from([JobId(one) for one in "abc"]), max_size=2))
def test_a_narrowed_plan_has_the_steps_of_the_whole_one_on_what_its_jobs_own(world: World, jobs: set[JobId]) -> None:
    """No other file goes, none of theirs is missing, and what is left out is counted."""
    whole, some = plan_of(world, Ask()), plan_of(world, Ask(jobs=frozenset(jobs)))
    theirs = {file.path for file, owners in world.owned() if not jobs.isdisjoint(job.job_id for job in owners)}
    wanted = {path: step for path, step in file_steps(whole).items() if path in theirs}
    assert file_steps(some) == wanted
    assert some.trailer.left_out.files == len(file_steps(whole)) - len(wanted)
    assert directory_steps(some) <= directory_steps(whole)


def plan_of(world: World, ask: Ask) -> Plan:
    """The plan of the world, as asked for."""
    inventory = Inventory(world.directories, world.look_at, walked=True)
    now = instant_to_datetime(world.now)
    return make_plan(world.policies, world.jobs, inventory, world.guards, now=now, ask=ask).collected()


def file_steps(plan: Plan) -> dict[RelPath, tuple[StepAction, tuple[str, ...]]]:
    """What happens to which file, and by which rules."""
    return {
        join(batch.directory, entry.name): (batch.action, batch.rules)
        for batch in plan.batches
        for entry in batch.entries
        if batch.action is not StepAction.REMOVE_DIRECTORY
    }


def directory_steps(plan: Plan) -> set[RelPath]:
    """The directories that go."""
    return {
        join(batch.directory, entry.name)
        for batch in plan.batches
        for entry in batch.entries
        if batch.action is StepAction.REMOVE_DIRECTORY
    }
