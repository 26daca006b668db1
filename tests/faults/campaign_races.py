"""`./dev faults races`: plan and apply while another process swaps directories, links and files in the tree."""

import argparse
import secrets
import sys

from racing import ATTACKS, campaign, racer


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
