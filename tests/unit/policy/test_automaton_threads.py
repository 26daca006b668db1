"""Threads that ask one automaton at once."""

import sys
from concurrent.futures import ThreadPoolExecutor

from rules_engine.policy.automaton import Answer
from rules_engine.policy.patterns import Reading, compile_lists, parse_patterns
from rules_engine.values.paths import RelPath


def test_answers_that_differ_never_have_one_number() -> None:
    """Judgements are shared by the number of an answer, so two answers with one number would be a wrong decision."""
    lists = [parse_patterns([f"*{bit}*"], Reading.NARROW) for bit in "abcdefghij"]
    paths = [
        RelPath("".join(bit for at, bit in enumerate("abcdefghij") if number >> at & 1)) for number in range(1, 999)
    ]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(3):
            automaton = compile_lists(lists)

            def ask(_: int, asked: list[RelPath] = paths) -> list[Answer]:
                return [automaton.answer(path) for path in asked]  # noqa: B023 - all are done before the next round

            with ThreadPoolExecutor(4) as pool:
                found = [answer for some in pool.map(ask, range(4)) for answer in some]
            by_number = {answer.number: answer for answer in found}
            assert all(by_number[answer.number] is answer for answer in found)
            assert len(by_number) == len(paths)
    finally:
        sys.setswitchinterval(before)
