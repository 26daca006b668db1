"""The laws of narrowing: a part of a plan is a part, and the parts of a partition are the whole."""

from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st
from makers import narrow, wide
from strategies import LAW, TYPES, chosen, worlds
from test_call_laws import directory_steps, file_steps, plan_of
from world import World

from rules_engine.plan.given import Ask
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.patterns import PatternList
from rules_engine.values.vocabulary import FileType, JobId, RuleName

PATTERNS = tuple(narrow(*texts) for texts in (("/scratch/",), ("*.png", "temp_*"), ("/**", "!notes"), ("/misc/**",)))
NAMES = tuple(RuleName(one) for one in ("old-0", "old-1", "old-2", "broom", BUILT_IN))
asks = chosen(
    Ask,
    jobs=(None, None, frozenset({JobId("a")}), frozenset({JobId("a"), JobId("b")})),
    only=(None, None, *PATTERNS),
    leave=(None, None, wide("notes"), wide("/scratch"), wide("*.part")),
    rules=(None, None, frozenset(NAMES[:2]), frozenset({BUILT_IN})),
    types=(None, None, frozenset(TYPES[:2]), frozenset({FileType.UNDECLARED})),
)


@LAW
@given(worlds(), asks)
def test_a_narrowed_plan_is_a_part_of_the_whole_one(world: World, ask: Ask) -> None:
    """Each step of it is one of the whole, as it was; every other file that would go is counted as left out."""
    whole, some = plan_of(world, Ask()), plan_of(world, ask)
    assert file_steps(some).items() <= file_steps(whole).items()
    assert directory_steps(some) <= directory_steps(whole)
    assert some.trailer.left_out.files == len(file_steps(whole)) - len(file_steps(some))
    assert some.trailer.looked_at == whole.trailer.looked_at
    event("leaves out" if some.trailer.left_out.files else "is the whole")


@LAW
@given(worlds(), asks, asks)
def test_narrowing_further_never_takes_more(world: World, ask: Ask, more: Ask) -> None:
    """Two narrowings at once are a part of either."""
    both = {name: one if one is not None else getattr(more, name) for name, one in _said(ask).items()}
    some, fewer = plan_of(world, ask), plan_of(world, Ask(**both))
    assert file_steps(fewer).items() <= file_steps(some).items()
    assert directory_steps(fewer) <= directory_steps(some)


def _said(ask: Ask) -> dict[str, Any]:
    return {name: getattr(ask, name) for name in ("jobs", "only", "leave", "rules", "types")}


@LAW
@given(worlds(), st.sampled_from(PATTERNS))
def test_what_a_pattern_takes_and_what_it_leaves_are_the_whole(world: World, pattern: PatternList) -> None:
    """The two plans have no file in common, and together every file."""
    whole, inside, outside = (plan_of(world, ask) for ask in (Ask(), Ask(only=pattern), Ask(leave=pattern)))
    assert file_steps(inside).keys().isdisjoint(file_steps(outside))
    assert file_steps(inside) | file_steps(outside) == file_steps(whole)
    assert inside.trailer.left_out.files == len(file_steps(outside))
    assert outside.trailer.left_out.files == len(file_steps(inside))
    assert directory_steps(inside) | directory_steps(outside) <= directory_steps(whole)


@LAW
@given(worlds())
def test_the_plans_of_all_rules_together_are_the_whole(world: World) -> None:
    """A file that goes by two of them is in the plan of either."""
    whole, found = file_steps(plan_of(world, Ask())), {}
    for name in {BUILT_IN, *(rule.name for rule in world.policies.rules)}:
        part = file_steps(plan_of(world, Ask(rules=frozenset({name}))))
        assert part == {path: step for path, step in whole.items() if name in step[1]}
        found |= part
    assert found == whole
