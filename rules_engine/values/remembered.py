"""What was worked out once and may be asked for again, in bounded memory."""

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(dict[K, V]):
    """A dictionary that begins anew when it is full: a root may have more of everything than fits."""

    __slots__ = ("_most",)

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: K, value: V) -> None:
        """Remember a value, and forget all others where there are too many."""
        if len(self) >= self._most:
            self.clear()
        super().__setitem__(key, value)
