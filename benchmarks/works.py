"""The work that is measured, each beside what people would use instead, in turn on the same tree."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from farm import TRACKED, Farm, untracked_rules, write_policies
from machine import RULES, Measured, find_fd, run

Runs: TypeAlias = Mapping[str, Sequence[Measured]]
"""By the name of a work, every run of it; beside `seals` stands `seals/find`, what it is measured against."""

HERE = Path(__file__).parent


def in_turn(works: Mapping[str, Callable[[], Measured]], times: int) -> dict[str, list[Measured]]:
    """Each work so many times, one after another, so that all of them meet the same machine."""
    found: dict[str, list[Measured]] = {name: [] for name in works}
    for _ in range(times):
        for name, work in works.items():
            found[name].append(work())
    return found


def build(farm: Farm) -> None:
    """Build a farm, or take the one that is there; all of it is on the disk and in the caches afterwards."""
    if not farm.is_whole:
        farm.clear()
        subprocess.run([sys.executable, str(HERE / "farm.py"), str(farm.folder), str(farm.jobs)], check=True)
        os.sync()
    farm.bring_back()
    # What was built a moment ago is not due yet; and the first look at a tree is slower than all that follow.
    time.sleep(1.1)
    run(find(farm, "-printf", "%i\\n"))


def find(farm: Farm, *actions: str) -> list[str]:
    """The find command that selects what the rules select."""
    return ["find", str(farm.tree), "-path", "*/scratch/*", "-type", "f", "-mmin", "+1440", *actions]


def _fd(farm: Farm) -> list[str]:
    pattern = f"{farm.tree}/scratch/**/*.png"
    selected = ["--type", "f", "--changed-before", "1d", "--full-path", "--glob", pattern]
    return [str(find_fd()), "-j2", "--hidden", "--no-ignore", *selected, str(farm.tree)]


def _plan(farm: Farm, policies: Path, out: Path) -> list[str]:
    return [*RULES, "plan", "--quiet", "--policies", str(policies), "--root", str(farm.tree), "--out", str(out)]


def _agree(farm: Farm, plan: Path, listing: Path) -> int:
    """How many files both name, which must be the same."""
    command = [sys.executable, str(HERE / "selection.py"), str(farm.tree), str(plan), str(listing)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout)


class Bench:
    """Measures farms below `scratch`; says what it is at, and how many files each pair agreed on."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._seals = write_policies(scratch / "policies-seals", TRACKED)
        self._walks = {
            count: write_policies(scratch / f"policies-{count}", untracked_rules(count)) for count in (20, 200)
        }

    def measure(self, farm: Farm, times: int, apply_times: int) -> dict[str, list[Measured]]:
        """Every work on one farm, which stays as it is; each so many times."""
        self._say(farm, "building")
        build(farm)
        self._say(farm, "planning from seals")
        found = self._from_seals(farm, times)
        self._say(farm, "planning by a walk")
        found |= self._by_walk(farm, times)
        for number in range(apply_times):
            self._say(farm, f"applying, {number + 1} of {apply_times}")
            for name, one in self._apply(farm.jobs).items():
                found.setdefault(name, []).append(one)
        return found

    def start_up(self, policies: Path, times: int) -> dict[str, list[Measured]]:
        """What it costs to start at all."""
        check = [*RULES, "check", "--policies", str(policies)]
        works = {
            "version": lambda: run([*RULES, "--version"]),
            "check": lambda: run(check),
            "python": lambda: run([sys.executable, "-c", "pass"]),
        }
        # The first look at a program is slower than all that follow.
        return {name: runs[1:] for name, runs in in_turn(works, times + 1).items()}

    def _from_seals(self, farm: Farm, times: int) -> dict[str, list[Measured]]:
        plan, listing = self._scratch / "seals.plan", self._scratch / "find.txt"
        works = {
            "seals": lambda: run(_plan(farm, self._seals, plan)),
            "seals/find": lambda: run(find(farm, "-printf", "%p %i %s %T@ %C@ %n\\n"), out=listing),
        }
        found = in_turn(works, times)
        print(f"  the plan and find name the same {_agree(farm, plan, listing)} files", flush=True)
        return found

    def _by_walk(self, farm: Farm, times: int) -> dict[str, list[Measured]]:
        plan, listing, fd_listing = (self._scratch / name for name in ("walk.plan", "find.txt", "fd.txt"))
        works = {
            "walk-20": lambda: run(_plan(farm, self._walks[20], plan)),
            "walk-20/find": lambda: run(find(farm, "-printf", "%p %i %s %T@ %C@ %n\\n"), out=listing),
            "walk-200": lambda: run(_plan(farm, self._walks[200], self._scratch / "walk-200.plan")),
        }
        if find_fd():
            works["walk-20/fd"] = lambda: run(_fd(farm), out=fd_listing)
        with farm.without_manifests():
            found = in_turn(works, times)
        for one in (listing, fd_listing) if find_fd() else (listing,):
            print(f"  the plan and {one.stem} name the same {_agree(farm, plan, one)} files", flush=True)
        assert _agree(farm, self._scratch / "walk-200.plan", listing)
        return found

    def _apply(self, jobs: int) -> dict[str, Measured]:
        """One apply and one `find -delete`, each on a farm of its own that is as fresh as the other."""
        found = {}
        for name in ("apply", "apply/find"):
            farm = Farm(self._scratch / "spent", jobs)
            farm.clear()
            build(farm)
            found[name] = self.spend(name, farm)
            farm.clear()
        return found

    def spend(self, name: str, farm: Farm) -> Measured:
        """Remove the intermediates of a farm by an apply, or by `find -delete`; it is not whole any more."""
        plan = self._scratch / "apply.plan"
        command = find(farm, "-delete")
        if name == "apply":
            run(_plan(farm, self._seals, plan))
            common = ["--policies", str(self._seals), "--root", str(farm.tree), "--quiet"]
            command = [*RULES, "apply", str(plan), *common]
        farm.spoil()
        measured = run(command)
        left = sum(len(files) for place, _, files in os.walk(farm.tree) if "/scratch/" in place)  # noqa: TID251 - a check, not the tool
        assert left == 0, f"{left} files are left"
        return measured

    def _say(self, farm: Farm, what: str) -> None:
        print(f"{farm.files} files: {what}", flush=True)
