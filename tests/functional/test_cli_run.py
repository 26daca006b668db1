"""`rules run`: a command in the life of a job."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cliplace import Place

from rules_engine.errors import ExitCode


def wait_for(what: Callable[[], object]) -> None:
    """Wait until it is so, for half a minute at most."""
    ends = time.monotonic() + 30
    while not what():
        assert time.monotonic() < ends, "it never came to that"
        time.sleep(0.02)


@contextmanager
def started(studio: Place, *arguments: str, **more: object) -> Iterator[subprocess.Popen[str]]:
    """`rules run` as a process of its own, while it runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "rules_engine", "run", *arguments],
        cwd=studio.path,
        env=studio.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def status_of(studio: Place, job_id: str) -> str:
    """The status of a job as read now."""
    status: str = studio.rules("job", "show", job_id, "--format", "json").document["status"]
    return status


def test_a_command_works_as_a_job_and_its_status_is_kept(studio: Place) -> None:
    """It finds its workspace and ids in its environment; a good end completes the job, which is sealed."""
    script = 'echo "$RULES_JOB_ID $RULES_WORKSPACE $RULES_OUTPUT $TMPDIR"; touch "$TMPDIR/x"'
    answer = studio.process("run", "clip", "series=Suits", "--id", "j1", "--", "sh", "-c", script)
    assert (answer.code, answer.err) == (0, "")
    media = studio.media
    assert answer.out.split() == ["j1", f"{media}/scratch/j1", f"{media}/out/Suits/j1", f"{media}/scratch/j1/temp"]
    assert status_of(studio, "j1") == "completed"
    assert (media / ".rules/sealed/j1.json").exists()
    assert (media / "jobs/completed/j1").is_symlink()
    assert (media / "scratch/j1/temp/x").exists()


@pytest.mark.parametrize(("script", "status"), [("exit 7", 7), ("kill -TERM $$", 128 + signal.SIGTERM)])
def test_a_command_that_fails_is_a_failed_job(studio: Place, script: str, status: int) -> None:
    """The exit status is kept; of a command that a signal ended it is 128 and its number, as in a shell."""
    assert studio.process("run", "clip", "--id", "j1", "--", "sh", "-c", script).code == status
    assert status_of(studio, "j1") == "failed"


def test_a_command_that_is_not_there_is_a_failed_job(studio: Place) -> None:
    """127, as in a shell."""
    answer = studio.process("run", "clip", "--id", "j1", "--", "no-such-command")
    assert (answer.code, answer.err) == (127, "error: `no-such-command` was not found\n")
    assert status_of(studio, "j1") == "failed"


def test_a_command_that_cannot_be_executed_is_a_failed_job(studio: Place) -> None:
    """126, as in a shell."""
    studio.write("render.sh", "#!/bin/sh\n")
    answer = studio.process("run", "clip", "--id", "j1", "--", "./render.sh")
    assert (answer.code, answer.err) == (126, "error: `./render.sh` cannot be executed: Permission denied\n")
    assert status_of(studio, "j1") == "failed"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "no layout has the job type `nope`"),
        (["clip", "--id", "../j1"], "job id"),
        (["clip", "series"], "parameter `series` is not `KEY=VALUE`"),
        (["clip", "colour=red"], "parameter `colour` is none of layout `clip`"),
        (["clip", "--lease", "soon"], "`soon`"),
        (["clip", "--root", "missing"], "does not exist"),
        (["clip", "--policies", "missing"], "missing"),
        (["clip", "--policies", "broken"], "broken/clip.yaml:1:1: error[P"),
    ],
)
def test_a_job_that_cannot_start_runs_nothing(studio: Place, arguments: list[str], said: str) -> None:
    """125, which no other error of ours is; the command may end with any of those."""
    studio.write("broken/clip.yaml", "version: 1\n")
    answer = studio.rules("run", *arguments, "--", "touch", str(studio.path / "ran"))
    assert answer.code == 125
    assert said in answer.err
    assert not (studio.path / "ran").exists()


def test_a_job_without_its_directories_has_failed(studio: Place) -> None:
    """Nothing is run, and its manifest says how it ended."""
    studio.write("media/scratch", "a file where the workspaces belong")
    answer = studio.rules("run", "clip", "--id", "j1", "--", "touch", str(studio.path / "ran"))
    assert (answer.code, (studio.path / "ran").exists()) == (125, False)
    assert "job `j1` has no directory" in answer.err
    assert status_of(studio, "j1") == "failed"


def test_nothing_to_run_is_a_usage_error(studio: Place) -> None:
    """Without `--` the command would be taken for parameters."""
    for arguments in (["clip"], ["clip", "--"]):
        answer = studio.rules("run", *arguments)
        assert answer.code == 2
        assert "nothing to run: write `--` and a command" in answer.err
    assert studio.rules("job", "list").out == "no jobs\n"


def test_what_follows_the_dashes_is_not_read(studio: Place) -> None:
    """Options and further dashes are those of the command."""
    answer = studio.process("run", "clip", "--id", "j1", "--", "echo", "--id", "j2", "--", "a=b")
    assert answer.out == "--id j2 -- a=b\n"


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_passed_on_and_the_end_waited_for(studio: Place, number: signal.Signals) -> None:
    """The command may tidy up and choose its status; the job is finished after that."""
    script = f"trap 'echo tidied; exit 9' {number.name[3:]}; touch \"$TMPDIR/up\"; while :; do sleep 0.02; done"
    with started(studio, "clip", "--id", "j1", "--", "sh", "-c", script) as process:
        wait_for((studio.media / "scratch/j1/temp/up").exists)
        assert status_of(studio, "j1") == "running"
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (9, "tidied\n", "")
    assert status_of(studio, "j1") == "failed"


def test_a_command_outlives_a_runner_that_is_killed(studio: Place) -> None:
    """It holds the lock too, so the job is running until it has ended, and abandoned from then on."""
    script = 'touch "$TMPDIR/up"; while ! test -e "$TMPDIR/stop"; do sleep 0.02; done'
    temp = studio.media / "scratch/j1/temp"
    with started(studio, "clip", "--id", "j1", "--", "sh", "-c", script) as process:
        wait_for((temp / "up").exists)
        process.kill()
        process.wait(timeout=30)
        assert status_of(studio, "j1") == "running"
        (temp / "stop").touch()
        wait_for(lambda: status_of(studio, "j1") == "abandoned")


def test_two_commands_cannot_be_one_job(studio: Place) -> None:
    """The second is not run."""
    script = 'touch "$TMPDIR/up"; while :; do sleep 0.02; done'
    with started(studio, "clip", "--id", "j1", "--", "sh", "-c", script) as process:
        wait_for((studio.media / "scratch/j1/temp/up").exists)
        answer = studio.rules("run", "clip", "--id", "j1", "--", "touch", str(studio.path / "ran"))
        assert (answer.code, (studio.path / "ran").exists()) == (125, False)
        process.terminate()
        assert process.wait(timeout=30) == 128 + signal.SIGTERM


def test_a_lease_is_renewed_while_the_command_runs(studio: Place) -> None:
    """Other hosts see no lock: what they see is that the lease never runs out."""
    log = studio.media / ".rules/manifests"
    script = f'while ! grep -qs \'"lease"\' "{log}"/j1@*; do sleep 0.02; done'
    answer = studio.process("run", "clip", "--id", "j1", "--lease", "300ms", "--", "sh", "-c", script)
    assert answer.code == 0


def test_a_command_may_finish_its_job_itself(studio: Place) -> None:
    """Then it has said how it ended, and the status is kept all the same."""
    rules = f"{sys.executable} -m rules_engine"
    answer = studio.process("run", "clip", "--id", "j1", "--", "sh", "-c", f"{rules} job finish --failed j1; exit 0")
    assert (answer.code, answer.err) == (0, "")
    assert status_of(studio, "j1") == "failed"


@pytest.mark.parametrize(
    ("damage", "code", "said"),
    [
        ("rm $logs/j1@*", ExitCode.REFUSED, "error: job `j1` is not known to this root"),
        (
            "mv $logs $logs.x; touch $logs",
            ExitCode.UNTRUSTED_STATE,
            "error: the state cannot be trusted: `.rules/manifests`",
        ),
    ],
)
@pytest.mark.parametrize("status", [0, 5])
def test_a_job_that_cannot_be_ended_is_said(studio: Place, damage: str, code: int, said: str, status: int) -> None:
    """A command that succeeded does not hide it; the status of one that failed is kept."""
    script = f"logs={studio.media}/.rules/manifests; {damage}; exit {status}"
    answer = studio.process("run", "clip", "--id", "j1", "--", "sh", "-c", script)
    assert answer.code == (status or code)
    assert answer.err.startswith(said)


def test_output_into_a_closed_pipe_ends_the_command_as_in_a_shell(studio: Place) -> None:
    """The signal that Python ignores for itself is not ignored in the command."""
    answer = studio.process("run", "clip", "--", "sh", "-c", "yes | head -1")
    assert (answer.code, answer.out, answer.err) == (0, "y\n", "")


def test_the_signals_of_a_process_that_calls_us_are_as_before(studio: Place) -> None:
    """Held back only while the job lasts."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ()), signal.getsignal(signal.SIGCHLD)
    assert studio.rules("run", "clip", "--", "true").code == 0
    assert (signal.pthread_sigmask(signal.SIG_BLOCK, ()), signal.getsignal(signal.SIGCHLD)) == before


def test_what_is_typed_at_a_terminal_reaches_the_command_once(studio: Place) -> None:
    """The terminal tells the whole group; passed on as well, one Ctrl-C would count as two."""
    script = "n=0; trap 'n=$((n+1))' INT; touch \"$TMPDIR/up\"; for i in $(seq 30); do sleep 0.02; done; exit $n"
    leader, terminal = os.openpty()
    command = [sys.executable, "-m", "rules_engine", "run", "clip", "--id", "j1", "--", "sh", "-c", script]
    with subprocess.Popen(
        ["setsid", "--ctty", *command],
        cwd=studio.path,
        env=studio.environment,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    ) as process:
        os.close(terminal)
        wait_for((studio.media / "scratch/j1/temp/up").exists)
        os.write(leader, b"\x03")
        assert process.wait(timeout=30) == 1
    os.close(leader)


def test_due_files_go_when_the_command_has_ended(studio: Place) -> None:
    """As when a job ends in Python; what went is said where it is asked for, and fails nothing."""
    with Path(studio.path / "policies/settings.yaml").open("a") as settings:
        settings.write("cleanup: {retention: 0s}\n")
    answer = studio.process("run", "clip", "--id", "j1", "--verbose", "--", "sh", "-c", 'touch "$TMPDIR/x"')
    assert answer.code == 0
    assert "cleaned" in answer.err
    assert not (studio.media / "scratch/j1/temp/x").exists()
