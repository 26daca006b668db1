"""Every kind of path that many lists of patterns tell apart, each with a shortest example."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rules_engine.policy.automaton import Answer, Automaton, Place
from rules_engine.policy.budget import Budget
from rules_engine.values.paths import ROOT, RelPath, join


@dataclass(frozen=True, slots=True)
class PathKind:
    """Paths of files that no list tells apart."""

    path: RelPath
    """An example with as few components as there can be."""
    answer: Answer


def path_kinds(automaton: Automaton, budget: Budget, worth: Callable[[Place], bool]) -> Iterator[PathKind]:
    """Every kind of path of a file, each once, those with few components first; only of places that are `worth` it.

    Raises:
        BudgetSpentError: when there are more states than the budget has.
    """
    start = automaton.at(ROOT)
    answered: set[int] = set()
    met: set[int] = {id(start)}
    # A place that nobody holds may be made anew under another id.
    waiting: deque[tuple[RelPath, Place]] = deque([(ROOT, start)])
    held: list[Place] = [start]
    while waiting:
        directory, place = waiting.popleft()
        for kind in place.kinds(budget):
            path = join(directory, kind.name)
            if kind.as_file.number not in answered:
                answered.add(kind.as_file.number)
                yield PathKind(path, kind.as_file)
            if id(kind.below) not in met and worth(kind.below):
                met.add(id(kind.below))
                held.append(kind.below)
                waiting.append((path, kind.below))
