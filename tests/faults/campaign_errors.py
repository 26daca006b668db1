"""Refuses each call of each command with each error: `./dev faults errors --all`; without `--all` a sample.

Prints each problem as it is found, and the counts at the end; ends with 1 where there was a problem.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from refusals import CHANGING, ERRORS, LOOKING, LOOKING_ERRORS, MODULE, Bench, Refusal
from shim import built, serving


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="./dev faults errors", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every call with every error, which takes an hour or so")
    parser.add_argument("--cases", type=int, default=300, help="without --all, how many, chosen by chance")
    parser.add_argument("--seed", type=int, default=1, help="of the choice")
    parser.add_argument("--commands", nargs="*", help="only these commands")
    parser.add_argument("--part", default="1/1", help="K/N: every N-th case from the K-th on, to share them out")
    parser.add_argument("--minutes", type=float, default=600, help="begin no further case after so long")
    parser.add_argument("--directory", help="where the scenes are made, best in memory")
    asked = parser.parse_args()
    if built() is None:
        parser.error("a C compiler and Linux are needed")
    shm = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
    where = asked.directory or (str(shm) if shm.is_dir() else None)
    with tempfile.TemporaryDirectory(dir=where) as place, serving(MODULE) as server:
        bench = Bench(server, Path(place))
        cases = bench.refusals(CHANGING, ERRORS, looking=False) + bench.refusals(LOOKING, LOOKING_ERRORS, looking=True)
        if asked.commands:
            cases = [one for one in cases if one.command in asked.commands]
        # By chance also with all: what was done when the time is over is a fair sample.
        random.Random(asked.seed).shuffle(cases)  # noqa: S311 - no secret
        which, of = map(int, asked.part.split("/"))
        chosen = (cases if asked.all else cases[: asked.cases])[which - 1 :: of]
        return _run(bench, chosen, asked.minutes)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _run(bench: Bench, cases: list[Refusal], minutes: float) -> int:
    began, done, wrong = time.monotonic(), 0, 0
    for case in cases:
        if time.monotonic() - began > minutes * 60:
            break
        found = bench.problems(case)
        done, wrong = done + 1, wrong + bool(found)
        for problem in found:
            _say(problem)
    for (command, code), count in sorted(bench.ended.items()):
        _say(f"{command} ended with {code}: {count}")
    _say(f"{done} of {len(cases)} cases in {time.monotonic() - began:.0f} s, {wrong} with problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
