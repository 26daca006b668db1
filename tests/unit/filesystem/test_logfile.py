import resource
import subprocess
import sys
from pathlib import Path

import pytest

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.logfile import open_log


def test_what_is_appended_comes_after_what_was_there(tmp_path: Path) -> None:
    """Two openings continue one log."""
    with Directory.open_root(str(tmp_path)) as here:
        for data in (b"one\n", b"two\n"):
            with open_log(here, "log") as log:
                log.append(data, durable=True)
        with open_log(here, "log") as log:
            assert (log.size, log.read(4, 100)) == (8, b"two\n")
            log.cut(4)
            log.append(b"2\n", durable=False)
    assert (tmp_path / "log").read_bytes() == b"one\n2\n"


def test_a_write_that_fails_leaves_the_log_as_it_was(tmp_path: Path) -> None:
    """A full disk in the middle of a line does not leave half a line."""
    script = (
        "import resource, signal, sys\n"
        "from rules_engine.filesystem.directory import Directory\n"
        "from rules_engine.filesystem.logfile import open_log\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "with Directory.open_root(sys.argv[1]) as here, open_log(here, 'log') as log:\n"
        "    log.append(b'one\\n', durable=True)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8))\n"
        "    try:\n"
        "        log.append(b'x' * 100, durable=True)\n"
        "    except OSError:\n"
        "        sys.exit(7)\n"
    )
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 8
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert done.returncode == 7
    assert (tmp_path / "log").read_bytes() == b"one\n"


def test_two_writers_take_turns(tmp_path: Path) -> None:
    """Lines of several processes are whole and none is lost."""
    script = (
        "import sys\n"
        "from rules_engine.filesystem.directory import Directory\n"
        "from rules_engine.filesystem.logfile import open_log\n"
        "with Directory.open_root(sys.argv[1]) as here:\n"
        "    for _ in range(50):\n"
        "        with open_log(here, 'log') as log:\n"
        "            log.append(b'%06d\\n' % log.size, durable=False)\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert (tmp_path / "log").read_bytes() == b"".join(b"%06d\n" % (7 * number) for number in range(150))


def test_a_log_set_aside_while_waiting_is_not_written(tmp_path: Path) -> None:
    """Whoever waited for the lock of a log that was moved away writes the log that stands there now."""
    script = (
        "import sys\n"
        "from rules_engine.filesystem.directory import Directory\n"
        "from rules_engine.filesystem.logfile import open_log\n"
        "with Directory.open_root(sys.argv[1]) as here:\n"
        "    print('ready', flush=True)\n"
        "    with open_log(here, 'log') as log:\n"
        "        log.append(b'late\\n', durable=False)\n"
    )
    with Directory.open_root(str(tmp_path)) as here:
        with open_log(here, "log") as log:
            log.append(b"old\n", durable=False)
            writer = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            with pytest.raises(subprocess.TimeoutExpired):
                writer.wait(0.3)
            here.rename_new("log", here, "aside")
        writer.communicate()
    assert (tmp_path / "aside").read_bytes() == b"old\n"
    assert (tmp_path / "log").read_bytes() == b"late\n"
