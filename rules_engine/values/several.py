"""Values by key where nearly every key has one: a million keys need no list each."""

from collections.abc import Collection, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Several(Generic[K, V]):
    """The values of each key, in the order in which they were added; no value is itself a list."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[K, V | list[V]] = {}

    def add(self, key: K, value: V) -> None:
        """Add a value of `key`."""
        others = self._found.setdefault(key, value)
        if isinstance(others, list):
            others.append(value)
        elif others is not value:
            self._found[key] = [others, value]

    def of(self, key: K) -> Sequence[V]:
        """The values of `key`; none where nothing was added."""
        found = self._found.get(key)
        if found is None:
            return ()
        return found if isinstance(found, list) else (found,)

    @property
    def keys(self) -> Collection[K]:
        """Every key, in no order."""
        return self._found.keys()
