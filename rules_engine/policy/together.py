"""The patterns of many rules as one automaton, each list once however many rules share it."""

from collections.abc import Iterable, Mapping

from rules_engine.policy.patterns import PatternList, compile_lists


class Together:
    """Many lists of patterns, asked about a path all at once."""

    def __init__(self, lists: Iterable[PatternList]) -> None:
        once = tuple(dict.fromkeys(lists))
        self.numbers: Mapping[PatternList, int] = {one: number for number, one in enumerate(once)}
        """Under which number the answers of the automaton speak of a list."""
        self.automaton = compile_lists(once)
