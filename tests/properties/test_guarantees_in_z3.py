"""What is proved of patterns, decided a second time by z3: whether some path is taken, not kept, and promised."""

import os

from drawn_lists import narrow_lists, wide_lists
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from makers import decided, file, keep, removal
from z3 import Complement
from z3patterns import all_of, any_of, holds, path_in, selected

from rules_engine.analysis.guarantees import Broken, Proved, hold
from rules_engine.policy.model import Action, FileSelector, Guarantee, PolicySet, Rule, Tracked
from rules_engine.policy.patterns import PatternError, Reading, parse_patterns
from rules_engine.values.paths import from_bytes, to_bytes
from rules_engine.values.vocabulary import RuleName

Texts = list[str]
EXAMPLES = int(os.environ.get("GUARANTEE_EXAMPLES", "50"))
"""How many examples are tried; `./dev guarantees` asks for more."""


def nobodys(match: Texts, reading: Reading, exclude: Texts | None = None) -> FileSelector:
    """Files without an owner that such a list selects; what cannot be one is drawn anew."""
    try:
        found = parse_patterns(match, reading)
        less = parse_patterns(exclude, Reading.WIDE) if exclude is not None else None
    except PatternError:
        assume(False)
        raise
    return FileSelector(match=found, exclude=less, tracked=Tracked.UNTRACKED)


removing = st.tuples(narrow_lists, st.none() | wide_lists)
"""The `match` and `except` of a removal rule."""


@settings(
    deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
@given(st.lists(removing, min_size=1, max_size=2), st.lists(wide_lists, max_size=2), wide_lists)
def test_z3_breaks_the_guarantees_that_are_shown_to_be_broken_and_no_others(
    taken: list[tuple[Texts, Texts | None]], kept: list[Texts], promised: Texts
) -> None:
    """It knows regular expressions and nothing of automata, rules or decisions."""
    removals = [
        removal(f"r{at}", files=nobodys(match, Reading.NARROW, exclude)) for at, (match, exclude) in enumerate(taken)
    ]
    keeps = [keep(f"k{at}", files=nobodys(match, Reading.WIDE)) for at, match in enumerate(kept)]
    rule = Rule(RuleName("guarantees.p"), keep().span, Action.KEEP, keep().jobs, nobodys(promised, Reading.WIDE))
    policies = PolicySet(tuple(sorted((*removals, *keeps), key=lambda one: one.name)))
    takes = [
        all_of([selected(match, narrow=True), Complement(selected(exclude or [], narrow=False))])
        for match, exclude in taken
    ]
    keeping = any_of([selected(match, narrow=False) for match in kept])
    breaking = all_of([any_of(takes), Complement(keeping), selected(promised, narrow=False)])
    (answer,) = hold(policies, [Guarantee("p", rule)])
    event(type(answer).__name__)
    if isinstance(answer, Broken):
        assert holds(breaking, to_bytes(answer.situation.path))
        return
    assert isinstance(answer, Proved)
    try:
        found = path_in(breaking, seconds=2)
    except TimeoutError:
        event("z3 cannot tell")
        return
    assert found is None, decided(file(from_bytes(found)), policies)
