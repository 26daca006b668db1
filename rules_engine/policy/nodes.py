"""One value of a policy text with its place: what the syntax stage hands to all later ones."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from rules_engine.values.diagnostics import Span

Scalar: TypeAlias = str | int | bool | None
"""Text, a decimal integer, `true` or `false`; None where a key has no value."""

Plain: TypeAlias = Scalar | list["Plain"] | dict[str, "Plain"]
"""The same value without places, as the schema check wants it."""


class Pair(NamedTuple):
    """One entry of a map: its key, its value, and where the key is written."""

    key: str
    value: "Node"
    span: Span


class Node(msgspec.Struct, frozen=True):
    """A scalar, a list or a map, and where it stands; exactly one of the three holds something."""

    span: Span
    scalar: Scalar = None
    items: tuple["Node", ...] | None = None
    entries: Mapping[str, "Node"] | None = None
    key_spans: Mapping[str, Span] = msgspec.field(default_factory=dict)
    quoted: bool = False
    """Whether the text stands in quotes or in a block, so that it was meant as text."""

    @property
    def text(self) -> str:
        """The scalar as it is written."""
        return str(self.scalar).lower() if isinstance(self.scalar, bool) else str(self.scalar)

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands where a value belongs."""
        return self.scalar is None and self.items is None and self.entries is None

    def get(self, *keys: str) -> "Node | None":
        """The node below these keys; None where one of them is missing."""
        found: Node | None = self
        for key in keys:
            found = found.entries.get(key) if found is not None and found.entries is not None else None
        return found

    def pairs(self, *keys: str) -> tuple["Pair", ...]:
        """The entries of the map below these keys in the order of the text; none where there is no map."""
        found = self.get(*keys)
        if found is None or found.entries is None:
            return ()
        return tuple(Pair(key, value, found.key_span(key)) for key, value in found.entries.items())

    def each(self, *keys: str) -> tuple["Node", ...]:
        """The items of the list below these keys, or the one value that stands where a list could."""
        found = self.get(*keys)
        if found is None:
            return ()
        return (found,) if found.items is None else found.items

    def text_of(self, *keys: str) -> str:
        """The text below these keys; empty where one of them is missing."""
        found = self.get(*keys)
        return found.text if found is not None else ""

    def is_true(self, *keys: str) -> bool:
        """Whether `true` stands below these keys."""
        found = self.get(*keys)
        return found is not None and found.scalar is True

    def key_span(self, key: str) -> Span:
        """Where `key` is written; of a missing key, where its map begins."""
        return self.key_spans.get(key, self.span)

    def at(self, path: Sequence[str | int]) -> "Node":
        """The node at a path of keys and indices that is known to exist."""
        found = self
        for step in path:
            found = (found.items or ())[step] if isinstance(step, int) else (found.entries or {})[step]
        return found

    def plain(self) -> Plain:
        """The value without places."""
        if self.items is not None:
            return [item.plain() for item in self.items]
        if self.entries is not None:
            return {key: node.plain() for key, node in self.entries.items()}
        return self.scalar
