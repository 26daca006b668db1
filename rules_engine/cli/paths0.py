"""The paths of a plan's steps for other tools: bytes as the disk has them, each ended by NUL, and nothing else."""

from collections.abc import Iterable, Iterator
from typing import Final

from rules_engine.cli.terminal import show_bytes
from rules_engine.errors import InvalidValueError
from rules_engine.plan.model import Plan, StepAction
from rules_engine.policy.findings import suggest
from rules_engine.values.paths import join, to_bytes

_AT_ONCE: Final = 4_096


def show_paths0(plan: Plan, rules: Iterable[str]) -> None:
    """Write the path of every step, from the root and in order; with `rules`, of those that one of them decided.

    Raises:
        InvalidValueError: for a rule that the plan does not know: a slip would look like a rule with nothing to do.
    """
    wanted = frozenset(rules)
    known = {rule.name for rule in plan.trailer.rules}
    for name in sorted(wanted - known):
        raise InvalidValueError("rule", name, f"is not known to this plan; {suggest(name, known, 'it has no rules')}")
    show_bytes(_pieces(plan, wanted))


def _pieces(plan: Plan, wanted: frozenset[str]) -> Iterator[bytes]:
    piece: list[bytes] = []
    for batch in plan.batches:
        # What the trash holds is no file of anybody's any more, and is named by its run.
        if batch.action is StepAction.EMPTY_TRASH or (wanted and wanted.isdisjoint(batch.rules)):
            continue
        piece += [to_bytes(join(batch.directory, entry.name)) + b"\0" for entry in batch.entries]
        if len(piece) >= _AT_ONCE:
            yield b"".join(piece)
            piece.clear()
    yield b"".join(piece)
