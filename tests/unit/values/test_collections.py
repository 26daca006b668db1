"""What is remembered in bounded memory, and values of which a key may have several."""

from rules_engine.values.remembered import Remembered
from rules_engine.values.several import Several


def test_what_is_remembered_begins_anew_when_it_is_full() -> None:
    """The newest is always there."""
    found: Remembered[str, int] = Remembered(2)
    found["a"], found["b"] = 1, 2
    assert found == {"a": 1, "b": 2}
    found["c"] = 3
    assert found == {"c": 3}


def test_a_key_has_the_values_that_were_added_in_their_order() -> None:
    """One, or several; none where nobody added any."""
    found: Several[str, str] = Several()
    for key, value in ("ab", "ac", "xy", "ad"):
        found.add(key, value)
    assert [list(found.of(key)) for key in "axz"] == [["b", "c", "d"], ["y"], []]
    assert set(found.keys) == {"a", "x"}
