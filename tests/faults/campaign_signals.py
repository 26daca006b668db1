"""`./dev faults signals`: applies that are asked to stop once or twice at some moment, and gone on with."""

import argparse
import tempfile
from pathlib import Path

from test_signals import campaign


def main() -> int:
    """Carry out the rounds, and print how they ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="how many; %(default)s unless given")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        ends = campaign(Path(scratch), asked.rounds)
    counts = ", ".join(f"{count} {what}" for what, count in ends.most_common())
    print(f"{asked.rounds} rounds, none wrong: {counts}")  # noqa: T201 - a script prints
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
