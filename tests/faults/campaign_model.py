"""`./dev faults model`: lives of a root against a plain dictionary, as many as are asked for."""

import argparse

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from model_runs import COUNTS
from test_model import HOW, Model


def main() -> int:
    """Live them, and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=2_000, help="how many; %(default)s unless given")
    asked = parser.parse_args()
    run_state_machine_as_test(Model, settings=settings(HOW, max_examples=asked.examples))
    counts = ", ".join(f"{count} {what}" for what, count in COUNTS.most_common())
    print(f"{asked.examples} lives of up to 40 steps, none wrong: {counts}")  # noqa: T201 - a script prints
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
