"""Every kind of path that many lists of patterns tell apart, each with a shortest example."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

import msgspec

from rules_engine.policy.automaton import Answer, Automaton, Kind, Place
from rules_engine.policy.budget import Budget
from rules_engine.values.paths import ROOT, RelPath, join


class PathKind(msgspec.Struct, frozen=True):
    """Paths that no list tells apart."""

    path: RelPath
    """An example with as few components as there can be."""
    answer: Answer


def path_kinds(automaton: Automaton, budget: Budget, worth: Callable[[Place], bool]) -> Iterator[PathKind]:
    """Every kind of path of a file, each once, those with few components first; only of places that are `worth` it.

    Raises:
        BudgetSpentError: when there are more states than the budget has.
    """
    return _first_of_each((path, kind.as_file) for path, kind in _walk(automaton, budget, worth))


def directory_kinds(automaton: Automaton, budget: Budget) -> Iterator[PathKind]:
    """Every kind of path of a directory, each once, those with few components first.

    Raises:
        BudgetSpentError: when there are more states than the budget has.
    """
    return _first_of_each((path, kind.as_directory) for path, kind in _walk(automaton, budget, lambda _place: True))


def _first_of_each(answers: Iterable[tuple[RelPath, Answer]]) -> Iterator[PathKind]:
    met: set[int] = set()
    for path, answer in answers:
        if answer.number not in met:
            met.add(answer.number)
            yield PathKind(path, answer)


def _walk(automaton: Automaton, budget: Budget, worth: Callable[[Place], bool]) -> Iterator[tuple[RelPath, Kind]]:
    """Every kind of name in every place, breadth first."""
    start = automaton.at(ROOT)
    # Held, for a place that nobody holds may be made anew under another id.
    met: dict[int, Place] = {id(start): start}
    waiting: deque[tuple[RelPath, Place]] = deque([(ROOT, start)])
    while waiting:
        directory, place = waiting.popleft()
        for kind in place.kinds(budget):
            path = join(directory, kind.name)
            yield path, kind
            if id(kind.below) not in met and worth(kind.below):
                met[id(kind.below)] = kind.below
                waiting.append((path, kind.below))
