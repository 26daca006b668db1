"""`rules manifest` as a person uses it."""

import json
import re
from pathlib import Path

import pytest
from cliplace import LAYOUT, Place

from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.locks import lock_job
from rules_engine.filesystem.root import Root
from rules_engine.manifest.repair import mend
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.vocabulary import JobId

UNTIL = "`rules manifest repair` mends what the evidence allows; until then everything concerned is kept\n"


@pytest.fixture
def log(place: Place) -> Path:
    """The manifest of a running job that declared three files."""
    place.write("policies/clip.yaml", LAYOUT)
    assert place.rules("job", "start", "clip", "--id", "j").code == 0
    for name in ("a", "b", "c"):
        added = place.rules("job", "add", "j", f"media/out/none/j/{name}", "--type", "final_video")
        assert (added.code, added.err) == (0, "")
    (found,) = (place.media / ".rules/manifests").iterdir()
    return found


def damage(log: Path, old: bytes, new: bytes) -> bytes:
    """Change bytes of a manifest as a bad disk would; how it was before."""
    whole = log.read_bytes()
    assert old in whole
    log.write_bytes(whole.replace(old, new))
    return whole


def test_whole_manifests_are_said_to_be_whole(place: Place, log: Path) -> None:
    """Verifying changes nothing and ends well; so does repairing."""
    before = place.tree()
    assert place.rules("manifest", "verify").out == "every manifest and seal is whole\n"
    repaired = place.rules("manifest", "repair")
    assert (repaired.code, repaired.out, repaired.err) == (0, "nothing to repair\n", "")
    assert place.tree() == before


def test_verify_says_file_line_and_byte(place: Place, log: Path) -> None:
    """As a compiler says it, so that an editor can jump there."""
    damage(log, b"none/j/b", b"none/j/x")
    byte = log.read_bytes().index(b'{"seq":3')
    said = place.rules("manifest", "verify", "j")
    assert said.code == 9
    assert said.out == f".rules/manifests/{log.name}:3: fails its check (byte {byte})\n"
    assert said.err == UNTIL
    (finding,) = place.rules("manifest", "verify", "--format", "json", "--quiet").document["findings"]
    assert (finding["job_id"], finding["line"], finding["byte"]) == ("j", 3, byte)


def test_a_lost_line_protects_until_its_loss_is_accepted(place: Place, log: Path) -> None:
    """Repaired, the job goes on; but nothing that the line may have named goes before somebody says so."""
    whole = damage(log, b"none/j/b", b"none/j/x")
    (planned,) = place.rules("manifest", "repair", "--dry-run", "--format", "json").document["jobs"]
    assert (planned["job_id"], planned["error"], planned["repairs"][0]["lost"]) == ("j", None, 1)
    dry = place.rules("manifest", "repair", "--dry-run")
    assert (dry.code, dry.out) == (9, f"j:\n  manifests/{log.name}: 1 line cannot be restored\n")
    assert log.read_bytes() != whole
    repaired = place.rules("manifest", "repair")
    assert repaired.code == 9
    assert "still: .rules/manifests/" in repaired.out
    assert "see `rules manifest repair --accept-loss j`" in repaired.out
    assert [path.read_bytes() for path in (place.media / ".rules/damaged").iterdir()] != []
    kept = place.rules("plan", "--format", "json").document
    assert kept["steps"] == []
    assert place.rules("job", "finish", "j").code == 0
    assert place.rules("plan", "--format", "json").document["steps"] == []
    refused = place.rules("manifest", "repair", "--accept-loss")
    assert (refused.code, "needs the ID of each job" in refused.err) == (2, True)
    accepted = place.rules("manifest", "repair", "--accept-loss", "j")
    assert (accepted.code, f"manifests/{log.name}: accepted: 1 line" in accepted.out) == (0, True)
    assert place.rules("manifest", "verify").code == 0
    assert len(place.rules("plan", "--format", "json").document["steps"]) == 3
    shown = place.rules("job", "show", "j", "--format", "json").document
    assert shown["status"] == "completed"
    assert [one["path"] for one in shown["declared"]] == ["out/none/j/a", "out/none/j/c"]


def test_a_newline_that_became_another_byte_is_restored_exactly(place: Place, log: Path) -> None:
    """Nothing is lost, so nothing has to be accepted; doing it again finds nothing to do."""
    whole = log.read_bytes()
    log.write_bytes(whole[:-1] + b"\x00")
    repaired = place.rules("manifest", "repair", "j", "--quiet")
    assert (repaired.code, repaired.err) == (0, "")
    assert repaired.out == f"j:\n  manifests/{log.name}: restored line by line\n"
    assert log.read_bytes() == whole
    for arguments in ([], ["--dry-run"]):
        again = place.rules("manifest", "repair", "j", *arguments)
        assert (again.code, again.out) == (0, "nothing to repair\n")


def test_a_held_job_is_left_to_its_own_next_write(place: Place, log: Path) -> None:
    """Whoever holds its lock is at work in it."""
    damage(log, b"none/j/b", b"none/j/x")
    before = log.read_bytes()
    with Root.open(str(place.media)) as root, lock_job(root.require_state(), JobId("j")):
        said = place.rules("manifest", "repair")
    assert said.code == 7
    assert re.search(r"cannot be repaired: job `j` is locked by process \d+", said.out)
    assert log.read_bytes() == before


def test_a_damaged_seal_is_set_aside(place: Place, log: Path) -> None:
    """The manifest says the same; the seal is kept for whoever wants to see what became of it."""
    assert place.rules("job", "finish", "j").code == 0
    seal = place.media / ".rules/sealed/j.json"
    seal.write_bytes(seal.read_bytes()[:-9])
    assert place.rules("manifest", "verify").out == ".rules/sealed/j.json: fails its check\n"
    repaired = place.rules("manifest", "repair", "--format", "json").document["jobs"]
    assert [one["file"] for one in repaired[0]["repairs"]] == ["sealed/j.json"]
    assert not seal.exists()
    assert place.rules("manifest", "verify").code == 0


def test_a_bit_of_a_sealed_manifest_is_restored_from_the_seal(place: Place, log: Path) -> None:
    """No plan reads it, `verify` does; afterwards the seal covers what was mended."""
    assert place.rules("job", "finish", "j").code == 0
    declared = place.rules("job", "show", "j", "--format", "json").document["declared"]
    damage(log, b"none/j/b", b"none/j/x")
    assert place.rules("manifest", "verify").code == 9
    repaired = place.rules("manifest", "repair")
    assert repaired.code == 0
    assert "restored from the seal: it says the same as what is damaged said\n" in repaired.out
    assert "sealed/j.json: covers the mended manifest again\n" in repaired.out
    assert place.rules("job", "show", "j", "--format", "json").document["declared"] == declared


def test_a_repair_that_was_cut_short_before_the_seal_is_gone_on_with(place: Place, log: Path) -> None:
    """With the manifest whole again nothing is wrong, but every plan would read it instead of the seal."""
    assert place.rules("job", "finish", "j").code == 0
    damage(log, b"none/j/b", b"none/j/x")
    with Root.open(str(place.media)) as root:
        mend(root.require_state(), JobId("j"), now=SystemClock().now())
        assert not ManifestStore(root, SystemClock()).get("j").sealed
    assert place.rules("manifest", "verify").code == 0
    would = place.rules("manifest", "repair", "--dry-run")
    assert "sealed/j.json: covers the mended manifest again\n" in would.out
    assert place.rules("manifest", "repair").out == would.out
    with Root.open(str(place.media)) as root:
        assert ManifestStore(root, SystemClock()).get("j").sealed
    assert place.rules("manifest", "repair").out == "nothing to repair\n"


def test_what_is_no_manifest_is_only_moved_when_named(place: Place, log: Path) -> None:
    """It may be a manifest that somebody renamed; until it is accepted it protects."""
    odd = log.with_name("j (copy).jsonl")
    odd.write_bytes(log.read_bytes())
    said = place.rules("manifest", "repair")
    assert said.code == 9
    assert odd.exists()
    assert "is no manifest, and may be one that was renamed" in said.out
    assert place.rules("manifest", "repair", "--accept-loss", odd.name).code == 0
    assert (place.media / ".rules/damaged" / odd.name).read_bytes() == log.read_bytes()


def test_a_manifest_that_lost_its_start_waits_for_the_next(place: Place, log: Path) -> None:
    """Nobody can guess the type of a job; starting it again tells it, and its files are still its own."""
    damage(log, b'"job_type":"clip"', b'"job_type":"clap"')
    repaired = place.rules("manifest", "repair", "j")
    assert repaired.code == 9
    assert "no line tells how the job was started" in repaired.out
    assert place.rules("job", "start", "clip", "--id", "j").code == 0
    shown = place.rules("job", "show", "j", "--format", "json").document
    assert [one["path"] for one in shown["declared"]] == ["out/none/j/a", "out/none/j/b", "out/none/j/c"]


def test_a_manifest_that_cannot_be_read_is_left_alone(place: Place, log: Path) -> None:
    """A link in its place may be somebody's mistake; it is said, and nothing is followed."""
    log.rename(place.path / "moved")
    log.symlink_to(place.path / "moved")
    for arguments in (["repair"], ["repair", "--dry-run"], ["verify"]):
        said = place.rules("manifest", *arguments)
        assert said.code == 9
        assert "cannot be read" in said.out
    assert log.is_symlink()


def test_a_job_that_nobody_knows_is_an_error(place: Place, log: Path) -> None:
    """A misspelt id must not look like a whole manifest; an unreadable policy is no hindrance with `--root`."""
    assert place.rules("manifest", "verify", "jj").code == 6
    place.write("policies/bad.yaml", "version: 1\nkind: nothing\n")
    assert place.rules("manifest", "verify").code == 4
    assert place.rules("manifest", "verify", "--root", "media").code == 0
    assert json.loads(place.rules("manifest", "repair", "--root", "media", "--format", "json").out)["jobs"] == []
