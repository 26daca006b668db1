"""Which of many components one name matches: a single pass over its bytes, whatever the components are.

A nondeterministic automaton as the bits of one number (Baeza-Yates and Gonnet, "A new approach to text searching",
1992), made deterministic where names lead (Thompson, "Regular expression search algorithm", 1968).
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from rules_engine.policy.budget import Budget
from rules_engine.policy.wildmatch import Component
from rules_engine.values.paths import LONGEST_NAME, to_bytes

_MOST_STATES: Final = 20_000
"""States that are remembered; then they are worked out anew."""
_READABLE: Final = b"xabcdefghijklmnopqrstuvwyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+=,@ "
_PREFERENCE: Final = {code: place for place, code in enumerate(dict.fromkeys(_READABLE + bytes(range(256))))}
_IN_NAMES: Final = frozenset(range(1, 256)) - {ord("/")}
_CODES: Final = tuple(sorted(_IN_NAMES))
_READABLE_LAST: Final = tuple(sorted(_IN_NAMES, key=_PREFERENCE.__getitem__, reverse=True))
_DIGITS: Final = b"0123456789"
_NOT_DIGITS: Final = bytes(sorted(frozenset(range(256)).difference(_DIGITS)))
_ANY_DIGIT: Final = 255
"""In a shape: the class of every digit. Bytes of names have the classes from 1 to 254, for `/` and NUL are in none."""
BETWEEN_SHAPES: Final = b"\0"
"""What `/` is in shapes and classes: names can be joined by it, and told apart again."""
_MOST_AT_ONCE: Final = 32
"""States that are followed at once for all names of one shape; with more each name is looked at by itself."""


class _State(dict[int, "_State"]):
    """A set of places in components, as bits; by class of byte the state behind it, worked out when it is asked for."""

    __slots__ = ("matched", "places", "test")

    def __init__(self, test: "NameTest", places: int, matched: tuple[int, ...]) -> None:
        super().__init__()
        self.test = test
        self.places = places
        self.matched = matched

    def __missing__(self, code: int) -> "_State":
        found = self[code] = self.test.behind(self, code)
        return found


class NameTest:
    """Components, and the states that names have led to so far."""

    classes: bytes
    """For `bytes.translate`: each byte to its class. No component tells the bytes of one class apart."""
    shapes: bytes
    """The same, with all digits as one class: names that differ in counters have one shape."""

    def __init__(self, components: Sequence[Component]) -> None:
        bits: dict[frozenset[int], int] = {}
        self._start = self._stays = self._ends = 0
        self._ended: dict[int, int] = {}
        place = 0
        for number, component in enumerate(components):
            self._start |= 1 << place
            for at, piece in enumerate(component.pieces):
                # Between two pieces any bytes may stand: a name may stay there.
                self._stays |= (1 << place) if at else 0
                for allowed in piece:
                    bits[allowed] = bits.get(allowed, 0) | 1 << place
                    place += 1
            self._ends |= 1 << place
            self._ended[1 << place] = number
            place += 1
        self._build_classes(bits)
        self._states: dict[int, _State] = {}

    def _build_classes(self, bits: dict[frozenset[int], int]) -> None:
        moves = [0] * 256
        for allowed, places in bits.items():
            for code in allowed:
                moves[code] |= places
        self._moves = (0, *dict.fromkeys(moves[code] for code in _CODES))
        number = {places: at for at, places in enumerate(self._moves[1:], 1)}
        self.classes = bytes(number[places] if code in _IN_NAMES else 0 for code, places in enumerate(moves))
        self._digits = tuple({self.classes[digit] for digit in _DIGITS})
        shapes = bytearray(self.classes)
        for digit in _DIGITS:
            shapes[digit] = _ANY_DIGIT
        self.shapes = bytes(shapes)
        classes = self.classes
        # Of each class the last one stays: that which reads best.
        self._examples = {classes[code]: code for code in _READABLE_LAST}

    def matched(self, classes: bytes) -> tuple[int, ...]:
        """The numbers of the components that match a name, given as the classes of its bytes."""
        state = self._state(self._start)
        for code in classes:
            state = state[code]
        return state.matched

    def last_counter(self, raw: bytes) -> bytes:
        """The shape of a name whose last digits are told apart, and no others."""
        cut = len(raw.rstrip(_NOT_DIGITS).rstrip(_DIGITS))
        return raw[:cut].translate(self.shapes) + raw[cut:].translate(self.classes)

    def matched_by_all(self, shape: bytes) -> tuple[int, ...] | None:
        """The numbers of the components that every name of the shape matches; None where its names differ."""
        states = [self._state(self._start)]
        for code in shape:
            codes = self._digits if code == _ANY_DIGIT else (code,)
            behind = (state[one] for state in states for one in codes)
            states = list({state.places: state for state in behind}.values())
            if len(states) > _MOST_AT_ONCE:
                return None
        answers = {state.matched for state in states}
        return answers.pop() if len(answers) == 1 else None

    def behind(self, state: _State, code: int) -> _State:
        """The state behind `state` after a byte of class `code`."""
        return self._state((state.places & self._moves[code]) << 1 | state.places & self._stays)

    def _state(self, places: int) -> _State:
        found = self._states.get(places)
        if found is None:
            if len(self._states) >= _MOST_STATES:
                # The states that are forgotten hold each other by their answers; cut, or they would stay.
                for old in self._states.values():
                    old.clear()
                self._states.clear()
            found = self._states[places] = _State(self, places, self._matched(places & self._ends))
        return found

    def _matched(self, ends: int) -> tuple[int, ...]:
        found: list[int] = []
        while ends:
            lowest = ends & -ends
            found.append(self._ended[lowest])
            ends ^= lowest
        return tuple(found)

    def words(self, budget: Budget) -> Iterator[tuple[bytes, tuple[int, ...]]]:
        """For each state that some name leads to: a shortest such name, and the components that it matches.

        Raises:
            BudgetSpentError: when there are more states than the budget has.
        """
        codes = sorted(self._examples.items(), key=lambda one: _PREFERENCE[one[1]])
        order = [(self._moves[number], bytes((code,))) for number, code in codes]
        seen = {self._start}
        waiting = deque([(b"", self._start)])
        while waiting:
            word, places = waiting.popleft()
            budget.spend()
            if word:
                yield word, self._matched(places & self._ends)
            if len(word) == LONGEST_NAME:
                continue
            staying = places & self._stays
            for moves, letter in order:
                following = (places & moves) << 1 | staying
                if following not in seen:
                    seen.add(following)
                    waiting.append((word + letter, following))


def matches(component: Component, name: str) -> bool:
    """Whether one component matches one name."""
    test = NameTest((component,))
    return bool(test.matched(to_bytes(name).translate(test.classes)))
