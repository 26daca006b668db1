"""A command in our place: its end is heard, whatever else goes on in the process."""

import os
import threading

from rules_engine.cli.child import holding_signals, run_child


def test_the_end_of_a_command_is_heard_beside_other_threads() -> None:
    """A thread that holds no signal back may swallow the one that tells of the end; the wait ends all the same."""
    over = threading.Event()
    busy = [threading.Thread(target=_spin, args=(over,)) for _ in range(2)]
    for one in busy:
        one.start()
    reading, writing = os.pipe()
    try:
        with holding_signals():
            codes = [
                run_child(["sh", "-c", f"exit {code}"], os.environ, inherits=reading, beat=_never, every_s=None)
                for code in range(12)
            ]
    finally:
        over.set()
        for one in busy:
            one.join()
        os.close(reading)
        os.close(writing)
    assert codes == list(range(12))


def test_signs_of_life_are_given_while_a_command_runs() -> None:
    """As often as asked, and only then."""
    beats: list[int] = []
    reading, writing = os.pipe()
    with holding_signals():
        code = run_child(["sleep", "1.3"], os.environ, inherits=reading, beat=lambda: beats.append(1), every_s=0.4)
    os.close(reading)
    os.close(writing)
    assert code == 0
    assert 1 <= len(beats) <= 3


def _spin(over: threading.Event) -> None:
    while not over.wait(0.001):
        pass


def _never() -> None:
    raise AssertionError("no lease, no sign of life")
