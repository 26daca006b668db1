"""State that somebody made up: records whose checks hold and which say what no program writes; from docs/safety.md."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from crowd import LAYOUT, RULES

from rules_engine.cli.main import run
from rules_engine.filesystem.root import Root
from rules_engine.manifest.lines import close_line, open_line

COMMANDS = (
    *(["plan"], ["apply", "--yes"], ["apply", "p.jsonl"], ["runs"], ["job", "list"], ["pin", "--list"], ["trash"]),
    *(["manifest", "verify"], ["manifest", "repair"], ["job", "start", "clip", "--id", "j2"]),
)
BOMBS: dict[str, Callable[[bytes], bytes]] = {
    "nested a hundred thousand deep": lambda body: body[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a key that stands twice": lambda body: body[:-1] + b',"seq":1,"seq":2}',
    "no number": lambda body: re.sub(rb'"at":\d+', b'"at":NaN', body),
    "a number without an end": lambda body: re.sub(rb'"at":\d+', b'"at":1e999', body),
    "a number of four hundred digits": lambda body: re.sub(rb'"at":\d+', b'"at":' + b"9" * 400, body),
    "a time before everything": lambda body: re.sub(rb'"at":\d+', b'"at":-' + b"9" * 30, body),
    "an unknown word for its event": lambda body: body.replace(b'"type":"', b'"type":"un', 1),
    "a path out of the root": lambda body: body.replace(b"frames/", b"../../../"),
    "an empty part in a path": lambda body: body.replace(b"frames/", b"frames//"),
    "a NUL in a path": lambda body: body.replace(b"frames/", b"frames/\\u0000"),
    "half of a character": lambda body: body.replace(b"frames/", b"frames/\\ud800"),
    "bytes that are no text": lambda body: body.replace(b"frames/", b"frames/\xff"),
    "two million bytes": lambda body: body.replace(b"frames/", b"f" * 2_000_000),
}


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with a finished job, one that runs, a pin, a run, and its plan."""
    (tmp_path / "policies").mkdir()
    for name, text in (("clip", LAYOUT), ("cleanup", RULES)):
        (tmp_path / "policies" / f"{name}.yaml").write_text(text)
    (tmp_path / "policies/settings.yaml").write_text(
        "version: 1\nkind: settings\nroot: media\ncleanup: {at_finish: nothing}\n"
    )
    (tmp_path / "media").mkdir()
    Root.create(str(tmp_path / "media")).close()
    monkeypatch.chdir(tmp_path)
    for job_id in ("j0", "j1"):
        assert run(["job", "start", "clip", "--id", job_id]) == 0
        assert run(["job", "add", job_id, f"media/scratch/{job_id}/frames/1.png", "--type", "temp_slide"]) == 0
        (tmp_path / f"media/scratch/{job_id}/frames/1.png").touch()
    assert run(["job", "finish", "j0"]) == 0
    (tmp_path / "media/a.part").touch()
    assert run(["pin", "media/kept"]) == 0
    assert run(["plan", "--out", "p.jsonl"]) == 0
    assert run(["apply", "p.jsonl"]) == 0
    (tmp_path / "media/b.part").touch()
    return tmp_path


def _run_all(capfd: pytest.CaptureFixture[str], allowed: set[int]) -> None:
    for command in COMMANDS:
        capfd.readouterr()
        code = run([*command])
        said = capfd.readouterr().err
        assert code in allowed, f"`rules {' '.join(command)}` ended with {code}: {said[:800]}"


@pytest.mark.parametrize("bomb", sorted(BOMBS))
def test_a_manifest_that_says_the_impossible_protects_its_job_and_stops_nobody(
    top: Path, capfd: pytest.CaptureFixture[str], bomb: str
) -> None:
    """Its checks hold, so somebody meant it; whatever it says, its files stay and no command ends in a traceback."""
    for log in (top / "media/.rules/manifests").glob("j1*.jsonl"):
        lines = [open_line(line) or b"" for line in log.read_bytes().splitlines()]
        log.write_bytes(b"".join(close_line(BOMBS[bomb](line)) for line in lines))
    _run_all(capfd, {0, 2, 3, 6, 7, 9})
    assert (top / "media/scratch/j1/frames/1.png").exists()


def _state_files(top: Path) -> list[Path]:
    return sorted(path for path in (top / "media/.rules").rglob("*") if path.is_file() and path.stat().st_size)


def test_a_byte_that_is_no_text_in_any_record_is_damage_and_never_a_defect(
    top: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """In each file of the state, one after another, with checks that hold where a line has one."""
    tried = 0
    for path in _state_files(top):
        before = path.read_bytes()
        if b'"' not in before or "trash" in path.parts or "quarantine" in path.parts:
            continue
        path.write_bytes(b"\n".join(_with_odd_byte(line) for line in before.split(b"\n")))
        _run_all(capfd, {0, 2, 3, 5, 6, 7, 9})
        path.write_bytes(before)
        tried += 1
    assert tried > 6


def _with_odd_byte(line: bytes) -> bytes:
    body = open_line(line)
    if body is None:
        return line[::-1].replace(b'"', b'"\xff', 1)[::-1]
    return close_line(body[::-1].replace(b'"', b'"\xff', 1)[::-1])[:-1]
