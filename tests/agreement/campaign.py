"""Asks git and pathspec about generated lists and about real ones: `./dev patterns [--pairs N] [--seed N]`.

Prints how often all agree, and of what kind each difference is; ends with 1 where nothing explains one.
"""

import argparse
import random
import subprocess
import sys
import time
from collections import Counter

import pathspec
from counting import UNEXPLAINED, Counts, count, drawn
from real import real_cases


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _table(title: str, counts: Counts) -> int:
    """Say what was counted; the number of pairs that nothing explains."""
    say(f"\n{title}: {counts.pairs} pairs, of which we select {counts.selected}")
    kinds: tuple[tuple[str, Counter[str]], ...] = (("this program", counts.ours), ("pathspec", counts.pathspec))
    for who, kind_counts in kinds:
        for kind, times in kind_counts.most_common():
            say(f"{times:9} {who} and git: {kind}")
    for problem in counts.problems:
        say(f"UNEXPLAINED {problem}")
    return counts.ours[UNEXPLAINED] + counts.pathspec[UNEXPLAINED]


def main() -> int:
    """Count, print; 1 where anything is unexplained."""
    parser = argparse.ArgumentParser(prog="./dev patterns", description=__doc__)
    parser.add_argument("--pairs", type=int, default=200_000, help="generated pairs of a list and a path (200000)")
    parser.add_argument("--seed", type=int, default=1, help="of what is generated")
    asked = parser.parse_args()
    chance = random.Random(asked.seed)  # noqa: S311 - reproducible, not secret
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    say(f"{git}, pathspec {pathspec.__version__}, seed {asked.seed}")
    began = time.monotonic()
    wrong = _table("lists of real projects", count(list(real_cases(chance, 20))))
    wrong += _table("generated lists", count(list(drawn(chance, asked.pairs))))
    say(f"\n{wrong or 'nothing'} unexplained, {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
