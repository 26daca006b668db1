"""`./dev faults many`: processes start and finish jobs, plan, apply, pin and restore on one root at once."""

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from crowd import let_work, make
from crowdlaws import broken


def main() -> int:
    """Let them work, and print what they did and which laws do not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=8, help="how many processes; %(default)s unless given")
    parser.add_argument("--seconds", type=float, default=60, help="for how long; %(default)s unless given")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(100_000), help="what chance begins with")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        let_work(Path(folder), asked.workers, asked.seconds, asked.seed)
        did, wrong = broken(Path(folder), asked.workers)
    print(*wrong, sep="\n", end="\n" if wrong else "")  # noqa: T201 - a script prints
    print(*(f"{count:6} {what}" for what, count in did.most_common()), sep="\n")  # noqa: T201 - a script prints
    print(f"{asked.workers} processes, {did.total()} commands, seed {asked.seed}: {len(wrong)} wrong")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
