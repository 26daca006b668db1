"""Eight processes work on one root for some seconds; `./dev faults many` lets them for a minute."""

from pathlib import Path

from crowd import let_work, make
from crowdlaws import broken

WORKERS = 8
SECONDS = 10


def test_the_laws_hold_after_many_worked_on_one_root_at_once(tmp_path: Path) -> None:
    """No command waits for ever, fails, or says what cannot be; nothing that stays is lost, nothing is there twice.

    What is nowhere was deleted, and exactly one run says so; every manifest is whole.
    """
    make(tmp_path)
    let_work(tmp_path, WORKERS, SECONDS, seed=1)
    did, wrong = broken(tmp_path, WORKERS)
    assert wrong == []
    assert all(did[what] for what in ("start 0", "finish 0", "plan 0", "apply 0", "pin 0", "unpin 0")), did
