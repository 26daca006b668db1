"""Matching beside pathspec's backends, in one process: `./dev bench-matching [--jobs N] [--write]`.

Every time is processor time of one pass over all paths, with what it takes to compile the patterns.
"""

import argparse
import platform
import random
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

import pathspec
from paths import FEW, FILES, farm_paths, many

from rules_engine.policy.patterns import Reading, compile_lists, parse_patterns
from rules_engine.values.paths import RelPath

RESULTS = Path(__file__).parent / "results" / "matching.md"
GOALS = {20: 10, 200: 50}
RULES = (1, 10, 100, 1000)
BACKENDS = {"simple": "pathspec", "re2": "google-re2", "hyperscan": "hyperscan"}
"""Each backend of pathspec, and what must be installed for it."""

Pass = Callable[[], int]
"""Compiles, asks about every path, and says how many are selected."""


def seconds(one: Pass, rounds: int) -> tuple[float, int]:
    """The processor time of the fastest round, and what it said."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        said = one()
        times.append(time.process_time() - began)
    return min(times), said


def by_pathspec(texts: Sequence[str], paths: Sequence[RelPath], backend: str) -> Pass:
    """One list, asked path by path."""

    def ask() -> int:
        check = pathspec.GitIgnoreSpec.from_lines(texts, backend=backend).check_file
        return sum(bool(check(path).include) for path in paths)

    return ask


def by_list(texts: Sequence[str], paths: Sequence[RelPath]) -> Pass:
    """One list of ours, asked path by path."""

    def ask() -> int:
        match = parse_patterns(texts, Reading.NARROW).match
        return sum(match(path) is not None for path in paths)

    return ask


def as_tree(paths: Sequence[RelPath]) -> list[tuple[int, str, list[str]]]:
    """The directories in the order of a scan: the place of the one above in this list, the name, the files in it."""
    number, tree = {"": 0}, [(0, "", list[str]())]
    for path in paths:
        directory, _, name = path.rpartition("/")
        for at in [at for at, char in enumerate(f"{directory}/") if char == "/"]:
            if directory[:at] not in number:
                number[directory[:at]] = len(tree)
                above, _, last = directory[:at].rpartition("/")
                tree.append((number[above], last, []))
        tree[number[directory]][2].append(name)
    return tree


def by_places(texts: Sequence[str], paths: Sequence[RelPath]) -> Pass:
    """One list of ours, asked as the scan does: from each directory into those in it, then by the names of files."""
    tree = as_tree(paths)

    def ask() -> int:
        places = [compile_lists([parse_patterns(texts, Reading.NARROW)]).at(RelPath(""))]
        selected = sum(bool(places[0].file(name).selected) for name in tree[0][2])
        for above, last, names in tree[1:]:
            place = places[above].below(last)
            places.append(place)
            if place.settled is not None:
                selected += len(names) if place.settled.selected else 0
            else:
                selected += sum(bool(answer.selected) for answer in place.files(names))
        return selected

    return ask


def compare(texts: Sequence[str], paths: Sequence[RelPath]) -> list[str]:
    """The table for one list: each reader, and how many times as long pathspec's own backend takes."""
    shuffled = list(paths)
    random.Random(1).shuffle(shuffled)  # noqa: S311 - the same order in every run
    passes = {
        "this program, as the scan asks": by_places(texts, paths),
        "this program, path by path": by_list(texts, paths),
        "this program, shuffled paths": by_list(texts, shuffled),
    }
    passes |= {f"pathspec, `{one}`": by_pathspec(texts, paths, one) for one, needs in BACKENDS.items() if _has(needs)}
    taken, said = {}, set()
    for who, one in passes.items():
        taken[who], selected = seconds(one, 3)
        said.add(selected)
    assert len(said) == 1, said
    simple = taken["pathspec, `simple`"]
    lines = [
        f"\n## {len(texts)} patterns, {len(paths)} paths, {said.pop()} selected\n",
        "| reader | seconds | µs a path | `simple` takes times as long |\n|---|---|---|---|",
    ]
    lines += [
        f"| {who} | {one:.2f} | {one / len(paths) * 1e6:.2f} | {simple / one:.1f} |" for who, one in taken.items()
    ]
    reached = simple / taken["this program, as the scan asks"]
    goal = GOALS[len(texts)]
    return [*lines, f"\nThe goal is {goal}, as the scan asks: {'met' if reached >= goal else 'not met'}."]


def grow(paths: Sequence[RelPath]) -> list[str]:
    """The table from one rule to a thousand, each with a list of its own."""
    lines = [
        f"\n## From 1 to {RULES[-1]} rules, {len(paths)} paths\n",
        "| rules | compile, ms | µs a path, first pass | µs a path, again |\n|---|---|---|---|",
    ]
    texts = many(RULES[-1])
    for count in RULES:
        lists = [parse_patterns([text], Reading.NARROW) for text in texts[:count]]
        compiling, _ = seconds(lambda lists=lists: len(lists) if compile_lists(lists) else 0, 3)
        answer = compile_lists(lists).answer
        passes = [seconds(lambda answer=answer: sum(bool(answer(path).selected) for path in paths), 1)[0] for _ in "12"]
        first, again = (taken / len(paths) * 1e6 for taken in passes)
        lines.append(f"| {count} | {compiling * 1e3:.1f} | {first:.2f} | {again:.2f} |")
    return lines


def _backends() -> str:
    """The versions of the modules that pathspec's backends need."""
    return ", ".join(f"{one} {metadata.version(one)}" for one in BACKENDS.values() if _has(one))


def _has(distribution: str) -> bool:
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def main() -> None:
    """Measure and print; with `--write` also keep the tables beside the benchmark."""
    parser = argparse.ArgumentParser(prog="./dev bench-matching", description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000, help=f"jobs with {FILES} files each (default 10000)")
    parser.add_argument("--write", action="store_true", help="write the tables to benchmarks/results/matching.md")
    asked = parser.parse_args()
    paths = list(farm_paths(asked.jobs))
    lines = [
        "# Matching\n",
        "Made by `./dev bench-matching --write`: processor time of one pass in one process, compiling included.",
        f"Python {platform.python_version()}, {_backends()}, {platform.machine()}.",
    ]
    lines += compare(FEW, paths)
    lines += compare(many(200), paths)
    lines += grow(paths)
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if asked.write:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
