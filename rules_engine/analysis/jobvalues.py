"""The values that parameters of jobs can have, as far as rules tell them apart."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec


class Values(msgspec.Struct, frozen=True):
    """Parameters that have one of some values, and parameters that have none of them."""

    given: tuple[tuple[str, tuple[str, ...]], ...]
    other: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def examples(self) -> Mapping[str, str]:
        """One value of each."""
        given = {name: values[0] for name, values in self.given}
        return given | {name: other_word(values, name) for name, values in self.other}


def groups_of(name: str, values: Mapping[str, Sequence[int]]) -> list[tuple[str, tuple[str, ...], bool]]:
    """The values that the same rules name, together; and every other value."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for value, rules in values.items():
        groups.setdefault(tuple(rules), []).append(value)
    return [*((name, tuple(some), True) for some in groups.values()), (name, tuple(values), False)]


def other_word(named: Iterable[str], word: str = "other") -> str:
    """A word that nobody named."""
    taken = set(named)
    return next(text for number in range(len(taken) + 1) if (text := f"{word}{number or ''}") not in taken)
