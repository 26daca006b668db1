"""Keep rules of earlier applied sets: they protect until a plan that lets them go has been applied."""

from pathlib import Path

import pytest
from job_world import PLAIN, LaterClock

from rules_engine.apply.applied import read_applications
from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import RunResult
from rules_engine.errors import InvalidValueError, RefusedError, UntrustedStateError
from rules_engine.filesystem.root import Root
from rules_engine.jobs.earlier import earlier_keeps
from rules_engine.jobs.planning import survey
from rules_engine.plan.given import Ask
from rules_engine.plan.model import Plan
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet
from rules_engine.values.vocabulary import RuleName

STRAYS = """
version: 1
kind: cleanup
rules:
  - {name: strays, files: {match: ["*.tmp"], tracked: false}, after: 0s, action: trash}
"""


def policies(keep: str = "", *, folder: str = "policies") -> PolicySet:
    """A layout, a rule for stray files, and the keep rule with these patterns."""
    texts = {f"{folder}/plain.yaml": PLAIN, f"{folder}/strays.yaml": STRAYS}
    if keep:
        text = f"version: 1\nkind: cleanup\nrules:\n  - {{name: heroes, files: {{match: [{keep}]}}, action: keep}}\n"
        texts[f"{folder}/keep.yaml"] = text
    return load_texts(texts)


HEROES = policies('"hero*"')


def release(*names: str) -> Ask:
    """A plan that lets these rules go."""
    return Ask(release=frozenset(map(RuleName, names)))


def plan_of(root: Root, said: PolicySet, clock: LaterClock, ask: Ask | None = None) -> Plan:
    """The plan of now, in memory."""
    return survey(said, root, clock).plan(clock.now(), ask or Ask()).collected()


def apply(root: Root, said: PolicySet, clock: LaterClock, ask: Ask | None = None) -> RunResult:
    """Plan and apply, a second after whatever was before."""
    clock.sleep(1)
    return apply_plan(survey(said, root, clock).plan(clock.now(), ask or Ask()), root, policies=said, clock=clock)


def names(root: Root, said: PolicySet) -> list[tuple[str, str]]:
    """The earlier keep rules, and the runs that ended them."""
    return [(one.rule.name, one.run_id) for one in earlier_keeps(root.state, said)]


def test_a_keep_rule_protects_although_nothing_was_removed_while_it_stood(root: Root, clock: LaterClock) -> None:
    """A night with nothing to do applies its policies as well."""
    apply(root, HEROES, clock)
    assert names(root, HEROES) == []
    assert names(root, policies()) == [("heroes", "")]


def test_a_plan_that_lets_a_protected_file_go_is_refused_until_it_says_so(root: Root, clock: LaterClock) -> None:
    """The wrong policy folder in the night removes nothing; once the release was applied, the rule is forgotten."""
    apply(root, HEROES, clock)
    hero = Path(root.path) / "hero.tmp"
    hero.write_bytes(b"123")
    with pytest.raises(RefusedError, match=r"keep rule `heroes` .* plan with `--release heroes`"):
        apply(root, policies(), clock)
    assert hero.exists()
    done = apply(root, policies(), clock, release("heroes"))
    assert not hero.exists()
    assert names(root, policies()) == []
    *_, line = read_applications(root.require_state())
    assert (line.released, line.run_id) == (("heroes",), done.run_id)
    hero.write_bytes(b"123")
    assert plan_of(root, policies(), clock).trailer.releases == []


def test_finishing_a_released_run_twice_notes_it_once(root: Root, clock: LaterClock) -> None:
    """The same plan again finds the run finished; the record of the release is there already."""
    apply(root, HEROES, clock)
    (Path(root.path) / "hero.tmp").write_bytes(b"1")
    plan = plan_of(root, policies(), clock, release("heroes"))
    for _ in range(2):
        apply_plan(plan, root, policies=policies(), clock=clock)
    assert [one.released for one in read_applications(root.require_state())] == [(), (), ("heroes",)]


def test_a_release_that_was_not_recorded_is_recorded_by_the_same_plan(root: Root, clock: LaterClock) -> None:
    """Killed between the report and the record: the run is finished, and the rule still protects until then."""
    apply(root, HEROES, clock)
    (Path(root.path) / "hero.tmp").write_bytes(b"1")
    plan = plan_of(root, policies(), clock, release("heroes"))
    apply_plan(plan, root, policies=policies(), clock=clock)
    order = Path(root.path) / ".rules/policies/applied.jsonl"
    order.write_bytes(b"".join(order.read_bytes().splitlines(keepends=True)[:-1]))
    assert names(root, policies()) != []
    apply_plan(plan, root, policies=policies(), clock=clock)
    assert names(root, policies()) == []


def test_a_rule_that_comes_back_protects_anew(root: Root, clock: LaterClock) -> None:
    """Applied again after its release and taken away again, it is an earlier rule again."""
    apply(root, HEROES, clock)
    apply(root, policies(), clock, release("heroes"))
    apply(root, HEROES, clock)
    assert names(root, HEROES) == []
    run = apply(root, policies(), clock)
    assert names(root, policies()) == [("heroes", run.run_id)]


def test_a_rule_that_was_narrowed_is_held_beside_its_successor(root: Root, clock: LaterClock) -> None:
    """The narrower rule of the same name stands in the policies; releasing the name lets the wider one go."""
    apply(root, HEROES, clock)
    narrower = policies('"hero-a*"')
    run = apply(root, narrower, clock)
    assert names(root, narrower) == [("heroes", run.run_id)]
    apply(root, narrower, clock, release("heroes"))
    assert names(root, narrower) == []
    assert names(root, policies()) == [("heroes", "")]


def test_two_policy_folders_on_one_root_protect_each_other(root: Root, clock: LaterClock) -> None:
    """What the keep rule of one pipeline protects, the plan of the other does not remove."""
    one, other = policies('"hero*"', folder="one"), policies('"star*"', folder="other")
    apply(root, one, clock)
    apply(root, other, clock)
    apply(root, one, clock)
    (Path(root.path) / "star.tmp").write_bytes(b"1")
    plan = plan_of(root, one, clock)
    assert [(release.name, release.count.files) for release in plan.trailer.releases] == [("heroes", 1)]
    assert plan.trailer.refusals


def test_the_same_rule_in_another_place_is_the_same_rule(root: Root, clock: LaterClock) -> None:
    """Moving a keep rule to another file, or describing it, is no release."""
    apply(root, HEROES, clock)
    moved = policies('"hero*"', folder="elsewhere")
    assert names(root, moved) == []


def test_what_nobody_keeps_cannot_be_released(root: Root, clock: LaterClock) -> None:
    """The name of a rule that protects nothing is a mistake."""
    with pytest.raises(InvalidValueError, match="`heroes` is no keep rule of an earlier applied policy set"):
        plan_of(root, policies(), clock, release("heroes"))


def test_a_damaged_earlier_set_stops_planning(root: Root, clock: LaterClock) -> None:
    """What it kept is not known, so nothing can be decided."""
    apply(root, HEROES, clock)
    (stored,) = (path for path in (Path(root.path) / ".rules/policies").iterdir() if path.name != "applied.jsonl")
    stored.write_bytes(stored.read_bytes().replace(b"hero", b"zero"))
    with pytest.raises(UntrustedStateError, match="fails its check"):
        plan_of(root, policies(), clock)
