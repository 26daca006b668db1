"""Break each of the twelve properties in a copy of the code, and see whether its tests notice: `./dev mutations`.

The checkout is only read. A mutation is killed when a test fails, and survives when all pass; what keeps the tests
from running at all (a text that is not there any more, code that cannot be imported) is broken, and no better.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from mutation_table import MUTATIONS, Mutation

CHECKOUT: Final = Path(__file__).parents[1]
COPIED: Final = ("rules_engine", "tests", "schemas", "policies", "pyproject.toml")
PROPERTIES: Final = range(1, 13)
_TAGGED: Final = re.compile(
    r"(?P<tags>(?:^# Feature: file-system-cleanup, Property \d+: .+\n)+)"
    r"(?:^[@ )].*\n)*"  # decorators, also those of several lines
    r"^(?:def (?P<test>test_\w+)|(?P<machine>Test\w+) = )",
    re.MULTILINE,
)
_NUMBER: Final = re.compile(r"Property (\d+):")
_EXAMPLES: Final = "60"
_TESTS_FAILED: Final = 1


class Verdict(StrEnum):
    """What became of a mutation."""

    KILLED = "killed"
    SURVIVED = "survived"
    BROKEN = "broken"


def tests_of(number: int, folder: Path) -> list[str]:
    """The tests that are tagged with a property, as pytest names them; machines, which take longest, at the end."""
    found = [
        (one["machine"] is not None, f"tests/properties/{file.name}::{one['machine'] or one['test']}")
        for file in sorted(folder.glob("test_*.py"))
        for one in _TAGGED.finditer(file.read_text())
        if str(number) in _NUMBER.findall(one["tags"])
    ]
    return [test for _, test in sorted(found)]


def mutated(text: str, mutation: Mutation) -> str | None:
    """The text with the mutation; None where what it changes does not stand there exactly once."""
    if text.count(mutation.before) != 1:
        return None
    return text.replace(mutation.before, mutation.after)


def copy_to(scratch: Path) -> None:
    """The package and its tests, as far as running them needs."""
    for name in COPIED:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, scratch / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, scratch / name)


def run_tests(copy: Path, tests: Sequence[str]) -> int:
    """The exit code of pytest in a copy; fewer examples, and no search for the smallest one."""
    # What measures whoever started this, such as coverage, would follow into the copy.
    known = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "PYTEST"))}
    # Without cached bytecode: two versions of a file may have one time and one size.
    environment = {**known, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.setdefault("PROPERTY_EXAMPLES", _EXAMPLES)
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"--basetemp={scratch}/t"]
        return subprocess.run(
            [*command, *tests], cwd=copy, env=environment, check=False, capture_output=True
        ).returncode


def verdict_of(code: int) -> Verdict:
    """What an exit code of pytest says about a mutation."""
    if code == 0:
        return Verdict.SURVIVED
    return Verdict.KILLED if code == _TESTS_FAILED else Verdict.BROKEN


@contextmanager
def with_mutation(copy: Path, mutation: Mutation) -> Iterator[bool]:
    """The copy with the mutation in it for the block; False where it does not fit the code."""
    file = copy / mutation.file
    text = file.read_text()
    changed = mutated(text, mutation)
    if changed is not None:
        file.write_text(changed)
    try:
        yield changed is not None
    finally:
        file.write_text(text)


def judge(copy: Path, mutation: Mutation) -> Verdict:
    """What the tests of its property make of a mutation."""
    tests = tests_of(mutation.property, copy / "tests" / "properties")
    with with_mutation(copy, mutation) as fits:
        return verdict_of(run_tests(copy, tests)) if fits and tests else Verdict.BROKEN


def judge_all(mutations: Sequence[Mutation], workers: int) -> Iterator[tuple[Mutation, Verdict, float]]:
    """Each mutation with its verdict and how long that took, in order; each worker has a copy of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(workers):
            copy_to(Path(scratch) / str(number))
            copies.put(Path(scratch) / str(number))

        def judge_one(mutation: Mutation) -> tuple[Mutation, Verdict, float]:
            copy, begun = copies.get(), time.monotonic()
            try:
                return mutation, judge(copy, mutation), time.monotonic() - begun
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(judge_one, mutations)


def passes_unchanged(mutations: Iterable[Mutation]) -> bool:
    """Whether the tests pass in a copy without any mutation: else a failing test would say nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "copy"
        copy_to(copy)
        folder = copy / "tests" / "properties"
        tests = {test: None for one in mutations for test in tests_of(one.property, folder)}
        return run_tests(copy, list(tests)) == 0


def uncovered(mutations: Iterable[Mutation], asked: Iterable[int]) -> list[int]:
    """The properties that no mutation breaks."""
    broken = {one.property for one in mutations}
    return [number for number in asked if number not in broken]


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge the mutations of all properties, or of those that are named; 0 where all were killed."""
    parser = argparse.ArgumentParser(prog="./dev mutations", description=__doc__)
    parser.add_argument("properties", nargs="*", type=int, help="numbers of properties; all where none is given")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="how many are judged at once")
    asked = parser.parse_args(arguments)
    chosen = [one for one in MUTATIONS if not asked.properties or one.property in asked.properties]
    missing = uncovered(chosen, asked.properties or PROPERTIES)
    if missing:
        say(f"no mutation breaks property {', '.join(map(str, missing))}")
        return 1
    if not passes_unchanged(chosen):
        say("the tests fail without any mutation; mend them first")
        return 1
    verdicts = []
    for mutation, verdict, took in judge_all(chosen, asked.workers):
        verdicts.append(verdict)
        say(f"property {mutation.property:2}  {verdict:8}  {took:5.1f} s  {mutation.breaks} ({mutation.file})")
    killed = verdicts.count(Verdict.KILLED)
    say(f"{killed} of {len(verdicts)} mutations were killed")
    return 0 if killed == len(verdicts) else 1


def say(line: str) -> None:
    """One line of the answer."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
