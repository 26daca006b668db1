"""The law of parts: a plan of which others decide parts is the plan that one decides alone, byte for byte."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from drawn_units import unit_worlds
from hypothesis import event, given
from hypothesis import strategies as st
from strategies import LAW, worlds
from world import World

from rules_engine.filesystem.root import Root
from rules_engine.inventory.model import DirectoryFacts, GoOn, Inventory, Problem, Source
from rules_engine.jobs.wire import pack_sums, receive_task, send_task, unpack_sums
from rules_engine.manifest.seal import Seal
from rules_engine.plan.deciding import Deciding, Sums
from rules_engine.plan.elsewhere import Task
from rules_engine.plan.given import Ask
from rules_engine.plan.model import Batch, Count
from rules_engine.plan.planfile import decode_batch, encode_batch, write_plan
from rules_engine.plan.planner import make_plan
from rules_engine.plan.staying import Staying, StayingInOrder
from rules_engine.values.paths import RelPath, ancestors
from rules_engine.values.quantities import instant_to_datetime
from rules_engine.values.vocabulary import JobId


@dataclass(frozen=True)
class Listed:
    """Goes on with directories that are known by heart."""

    directories: tuple[DirectoryFacts, ...]
    seals: Mapping[JobId, Seal] = field(default_factory=dict)

    def begin(self, _root: Root, inventory: Inventory) -> GoOn:
        """Each part is a directory with all below it."""
        inventory.problems.append(Problem(RelPath("locked"), "permission denied"))
        return lambda part: (one for one in self.directories if _is_in(one.path, part))


def _is_in(path: RelPath, part: RelPath) -> bool:
    return part in (path, *ancestors(path))


class _Other:
    """What another process would have."""

    def __init__(self, task: Task | None, inventory: Inventory) -> None:
        assert task is not None
        self.inventory = Inventory((), marked=dict(inventory.marked))
        self.staying = StayingInOrder()
        self.deciding: Deciding = task.deciding(self.inventory, self.staying)
        source: Source = task.source
        # This source looks at no root.
        self.go_on: GoOn = source.begin(None, self.inventory)  # type: ignore[arg-type]


class InTurn:
    """So many others that decide in turn; all that they are told and tell is packed as for another process."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.has_ended = False
        self._packed = b""
        self._others: list[_Other] = []

    def is_ready(self, files: int) -> bool:
        """They wait for nothing."""
        return files >= 0

    def prepare(self, task: Task) -> None:
        """Remember what they are to be told."""
        packed = io.BytesIO()
        send_task([packed], task)
        self._packed = packed.getvalue()

    def decide(self, inventory: Inventory, staying: Staying) -> Iterator[Batch]:
        """The steps of each part, in order."""
        self._others = [_Other(receive_task(io.BytesIO(self._packed), None), inventory) for _ in range(self.count)]
        for number, part in enumerate(inventory.left):
            other = self._others[number % self.count]
            for batch in other.deciding.steps(other.go_on(part)):
                yield decode_batch(encode_batch(batch))
            for directory, files, size in other.staying.taken():
                staying.add(directory, Count(files, size))

    def sums(self, inventory: Inventory) -> Iterator[Sums]:
        """What each of them came to."""
        for other in self._others:
            yield unpack_sums(pack_sums(other.deciding.sums(), other.inventory), inventory)

    def end(self) -> None:
        """Nothing is left to them."""
        self.has_ended = True


def _plan(world: World, ask: Ask, at: int | None = None, count: int = 1) -> bytes:
    """The plan of a world; with `at`, others decide what comes after so many directories, where that can be."""
    inventory = Inventory((), world.look_at, [Problem(RelPath("locked"), "permission denied")], walked=True)
    inventory.marked.update(world.marked)
    inventory.directories = world.directories if at is None else _until(world.directories, at, inventory)
    inventory.source = Listed(world.directories)
    others = None if at is None else InTurn(count)
    now = instant_to_datetime(world.now)
    plan = make_plan(world.policies, world.jobs, inventory, world.guards, now=now, ask=ask, deciders=others)
    out = io.BytesIO()
    write_plan(plan, out)
    if others is not None:
        assert others.has_ended
        event(f"others decide {'something' if inventory.left else 'nothing'}")
    return out.getvalue()


def _until(directories: Sequence[DirectoryFacts], at: int, inventory: Inventory) -> Iterator[DirectoryFacts]:
    """The first directories in order; the others are left, each with all below it, once that is possible."""
    before: set[RelPath] = set()
    for number, facts in enumerate(directories):
        if number >= at and inventory.can_leave():
            inventory.left = tuple(dict.fromkeys(_part(one.path, before) for one in directories[number:]))
            return
        before |= {facts.path, *ancestors(facts.path)}
        yield facts


def _part(path: RelPath, before: set[RelPath]) -> RelPath:
    """The outermost directory on the way to `path` that nobody has come to."""
    return next(one for one in reversed((path, *ancestors(path))) if one not in before)


ASKS = st.sampled_from([Ask(), Ask(limits={"files": 3, "bytes": None}), Ask(rules=frozenset())])
CUTS = st.integers(0, 6)


@LAW
@given(worlds(), ASKS, CUTS, st.integers(1, 3))
def test_parts_that_others_decide_come_to_the_same_plan(world: World, ask: Ask, at: int, count: int) -> None:
    """Whatever policies, jobs and files there are, wherever the first stops, however many go on."""
    assert _plan(world, ask, at, count) == _plan(world, ask)


@LAW
@given(unit_worlds(), ASKS, CUTS, st.integers(1, 3))
def test_what_goes_whole_is_never_divided(world: World, ask: Ask, at: int, count: int) -> None:
    """With rules about directories, which see all that lies below them, and about empty ones."""
    assert _plan(world, ask, at, count) == _plan(world, ask)
