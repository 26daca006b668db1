"""Checks that a plan and the listing of another program name the same files: `selection.py ROOT PLAN LISTING`."""

import sys
from pathlib import Path

from rules_engine.plan.planfile import read_plan
from rules_engine.values.vocabulary import EntryKind


def planned(plan: str) -> list[str]:
    """The path of every file that a plan removes, sorted."""
    with open(plan, "rb") as source:
        batches = read_plan(source).batches
        return sorted(
            f"{batch.directory}/{entry.name}"
            for batch in batches
            for entry in batch.entries
            if entry.kind is not EntryKind.DIRECTORY
        )


def listed(root: str, listing: str) -> list[str]:
    """The path that each line begins with, below the root, sorted; no name of the farm has a space in it."""
    lines = Path(listing).read_text().splitlines()
    return sorted(line.partition(" ")[0].removeprefix(f"{root}/") for line in lines)


def main() -> None:
    """Say how many files both name; end with an error where they differ."""
    root, plan, listing = sys.argv[1:]
    ours, theirs = planned(plan), listed(root, listing)
    if ours != theirs:
        odd = sorted(set(ours) ^ set(theirs))
        sys.exit(f"{len(ours)} and {len(theirs)} files; {len(odd)} by one alone, such as {odd[:3]}")
    print(len(ours))


if __name__ == "__main__":
    main()
