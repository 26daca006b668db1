"""Cuts the power at each call of each command on ext4 and xfs: `./dev faults power --all`; root only.

Without `--all` at every sixth call. Prints each problem and the counts; ends with 1 where there was a problem.
"""

import argparse
import sys
import time
from itertools import product

from power import FLAGS, NAMES, SIZES, Cut, bench, missing


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="./dev faults power", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="COMMAND", help=f"of {', '.join(NAMES)}; all unless given")
    parser.add_argument("--all", action="store_true", help="at every call instead of every sixth")
    asked = parser.parse_args()
    why = missing()
    if why:
        parser.error(why)
    began, total, failed = time.monotonic(), 0, 0
    with bench() as one:
        for name, kind, flags in product(asked.names or NAMES, SIZES, FLAGS):
            cuts = [Cut(kind, flags, name, at) for at in range(1, one.calls(name) + 1, 1 if asked.all else 6)]
            found = [problem for cut in cuts for problem in one.problems(cut)]
            total, failed = total + len(cuts), failed + len(found)
            say("\n".join([*found, f"{name} on {kind}, kept is {FLAGS[flags]}: {len(cuts)} cuts"]))
    say(f"{total} cuts, {f'{failed} problems' if failed else 'all pass'}, {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
