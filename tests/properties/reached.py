"""What the laws are tried on: which outcomes occur in the worlds that a strategy draws."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from typing import Any, Final

from hypothesis import given, seed, settings
from hypothesis import strategies as st
from strategies import LAW

_ROUNDS: Final = 12
"""Draws in one round resemble each other: what is rare may be missing in a round, and is not in all of them."""


def reached(
    drawn: st.SearchStrategy[Any], outcomes: Callable[[Any], Iterable[object]], hoped: AbstractSet[object]
) -> set[object]:
    """The outcomes of all that was drawn, in rounds with fixed seeds, until all hoped for occurred."""
    found: set[object] = set()
    for number in range(_ROUNDS):

        @settings(LAW, max_examples=400, database=None)
        @seed(number)
        @given(drawn)
        def gather(one: Any) -> None:
            found.update(outcomes(one))

        gather()
        if found >= hoped:
            break
    return found
