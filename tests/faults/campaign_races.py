"""`./dev faults races`: plan and apply while another process swaps directories, links and files in the tree."""

import argparse
import contextlib
import random
import secrets
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from racing import ATTACKS, LONGEST_S, SCRATCH, harm, load, make_scene, plan_and_apply, racer


def campaign(rounds: int, seed: int) -> tuple[Counter[str], list[str]]:
    """So many rounds: how they and their steps ended, and what went wrong."""
    policies, kinds, ended = load(), sorted(ATTACKS), Counter[str]()
    wrong: list[str] = []
    for number in range(rounds):
        kind, chance = kinds[number % len(kinds)], random.Random(f"{seed} {number}")  # noqa: S311 - not a secret
        with tempfile.TemporaryDirectory(dir=SCRATCH, prefix="races-") as folder, no_longer_than(LONGEST_S):
            scene = make_scene(Path(folder), policies)
            saw: list[str] = []
            ended += plan_and_apply(scene, ATTACKS[kind], chance, saw)
            saw += harm(scene, ATTACKS[kind])
            wrong += [f"round {number} of seed {seed}, {kind}: {one}" for one in saw]
    return ended, wrong


@contextlib.contextmanager
def no_longer_than(seconds: int) -> Iterator[None]:
    """End what hangs."""

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def main() -> int:
    """Carry out the rounds, and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2_600, help="how many; %(default)s unless given")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(100_000), help="what chance begins with")
    asked = parser.parse_args()
    if racer() is None:
        print("this needs Linux and a C compiler", file=sys.stderr)  # noqa: T201 - a script prints
        return 2
    ended, wrong = campaign(asked.rounds, asked.seed)
    print(*wrong, sep="\n", end="\n" if wrong else "")  # noqa: T201 - a script prints
    counts = ", ".join(f"{count} {what}" for what, count in ended.most_common())
    print(f"{asked.rounds} rounds of {len(ATTACKS)} attacks, seed {asked.seed}: {counts}; {len(wrong)} wrong")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
