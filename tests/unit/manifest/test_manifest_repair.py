from dataclasses import replace
from pathlib import Path

import pytest
from damagedlogs import JOB, NOW, TEMP

from rules_engine.errors import LockedError, UntrustedStateError
from rules_engine.filesystem.locks import lock_job
from rules_engine.filesystem.root import Root
from rules_engine.inventory.repair import is_locked, outlooks, repair
from rules_engine.manifest.repair import accept_loss
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.manifest.verify import verify
from rules_engine.values.clock import Clock
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import JobStatus


def test_the_host_that_lost_its_log_gets_it_back_from_the_seal(
    store: ManifestStore, beta: ManifestStore, log: Path
) -> None:
    """Its files and its end; but whether it wrote more after that, nobody knows."""
    beta.add_files("job-1", [(RelPath("output/c"), TEMP)])
    store.finish("job-1", success=True, directories=[])
    log.with_name("job-1@beta.jsonl").unlink()
    (done,) = store.mend("job-1")
    assert (done.file, done.lost) == ("manifests/job-1@beta.jsonl", 1)
    record = store.get("job-1")
    assert (record.status, sorted(record.files[RelPath("output")])) == (JobStatus.UNTRUSTED, ["a", "b", "c"])
    (damage,) = store.load().damaged
    assert (damage.mended, damage.why) == (True, "1 line of manifest `job-1@beta.jsonl` is lost")
    accept_loss(store._root.require_state(), JOB, now=NOW)
    assert store.get("job-1").status is JobStatus.COMPLETED
    assert store.load().damaged == ()


def test_a_start_that_is_lost_comes_back_from_the_seal(
    store: ManifestStore, log: Path, request_one: StartRequest
) -> None:
    """With its parameters and aliases; and the seal covers the mended log again."""
    store.finish("job-1", success=True, directories=[])
    want = store.get("job-1")
    log.write_bytes(log.read_bytes().replace(b"short_form", b"shirt_form"))
    assert [one.what for one in store.mend("job-1")] == [
        "restored from the seal: it says the same as what is damaged said",
        "covers the mended manifest again",
    ]
    assert replace(store.get("job-1"), files={}) == replace(want, files={})
    assert store.get("job-1").sealed
    assert store.start(request_one).attempt == 2


def test_lines_after_the_seal_are_lost_all_the_same(store: ManifestStore, log: Path, request_one: StartRequest) -> None:
    """The seal tells of the first attempt only; what it tells is restored, the rest is not trusted."""
    store.finish("job-1", success=True, directories=[])
    store.start(request_one)
    store.add_files("job-1", [(RelPath("output/c"), TEMP)])
    damaged = log.read_bytes().replace(b"output/b", b"output/x").replace(b"output/c", b"output/x")
    log.write_bytes(damaged)
    (done,) = store.mend("job-1")
    assert done.lost == 1
    assert sorted(store.get("job-1").files[RelPath("output")]) == ["a", "b"]


def test_a_lost_end_keeps_a_job_running_until_it_is_finished(
    store: ManifestStore, log: Path, request_one: StartRequest, tmp_path: Path
) -> None:
    """What was lost may have begun another attempt, so whoever works in it must be able to finish it."""
    store.finish("job-1", success=True, directories=[])
    (tmp_path / ".rules/sealed/job-1.json").unlink()
    with log.open("ab") as end:
        end.write(b"rubbish\n")
    store.add_files("job-1", [(RelPath("output/c"), TEMP)])
    assert store.get("job-1").status is JobStatus.UNTRUSTED
    store.finish("job-1", success=False, directories=[])
    assert not (tmp_path / ".rules/sealed/job-1.json").exists()
    accept_loss(store._root.require_state(), JOB, now=NOW)
    assert store.get("job-1").status is JobStatus.FAILED
    assert accept_loss(store._root.require_state(), JOB, now=NOW) == ()


def test_a_loss_cannot_be_accepted_before_it_is_known(store: ManifestStore, log: Path) -> None:
    """Only a mended log says how much is lost."""
    log.write_bytes(log.read_bytes().replace(b"output/a", b"output/x"))
    with pytest.raises(UntrustedStateError, match="repair it first"):
        accept_loss(store._root.require_state(), JOB, now=NOW)


def test_accepting_ends_nothing_that_still_runs(store: ManifestStore, log: Path) -> None:
    """Nor does it count as a sign of life; and files can still be declared, or not, as before."""
    log.write_bytes(log.read_bytes().replace(b"output/a", b"output/x"))
    store.mend("job-1")
    seen = store.get("job-1").last_sign
    accept_loss(store._root.require_state(), JOB, now=Instant(10**18))
    record = store.get("job-1")
    assert (record.status, record.last_sign) == (JobStatus.RUNNING, seen)
    store.add_files("job-1", [(RelPath("output/c"), TEMP)])
    assert sorted(store.get("job-1").files[RelPath("output")]) == ["b", "c"]


def test_a_critical_loss_is_accepted_in_the_backup_too(
    store: ManifestStore, request_one: StartRequest, tmp_path: Path
) -> None:
    """Else the next writer would take the log for one that was cut."""
    store.start(replace(request_one, critical=True))
    store.add_files("job-1", [(RelPath("output/a"), TEMP)])
    for place in ("manifests", "backups"):
        path = tmp_path / ".rules" / place / "job-1@alpha.jsonl"
        path.write_bytes(path.read_bytes().replace(b"output/a", b"output/x"))
    store.mend("job-1")
    accept_loss(store._root.require_state(), JOB, now=NOW)
    log, backup = (tmp_path / ".rules" / place / "job-1@alpha.jsonl" for place in ("manifests", "backups"))
    assert log.read_bytes() == backup.read_bytes()
    assert store.load().damaged == ()


def test_a_damaged_seal_stays_while_it_is_the_only_sign_of_its_job(
    store: ManifestStore, log: Path, root: Root, clock: Clock, tmp_path: Path
) -> None:
    """Without it there would be no job at all, and nothing to protect."""
    store.finish("job-1", success=True, directories=[])
    log.unlink()
    seal = tmp_path / ".rules/sealed/job-1.json"
    seal.write_bytes(b"rubbish")
    assert store.mend("job-1") == ()
    assert seal.exists()
    assert [one.what for one in verify(root.require_state())] == [
        "no line tells how the job was started",
        "fails the check of its first line",
    ]
    assert len(store.load().damaged) == 1


def test_a_repair_looks_into_the_workspace(
    store: ManifestStore, log: Path, root: Root, clock: Clock, tmp_path: Path
) -> None:
    """Whatever lies there is the job's, with a line or without."""
    (tmp_path / "scratch/job-1").mkdir(parents=True)
    (tmp_path / "scratch/job-1/stray").write_bytes(b"1")
    log.write_bytes(log.read_bytes().replace(b"output/a", b"output/x"))
    (outlook,) = outlooks(root, clock)
    assert (outlook.job_id, [one.lost for one in outlook.repairs], outlook.cannot) == ("job-1", [1], None)
    done = repair(root, store, clock, "job-1")
    assert (done.undeclared, [one.lost for one in done.repairs], len(done.left)) == (1, [1], 1)
    again = repair(root, store, clock, "job-1", accept=True)
    assert (again.left, again.error) == ((), None)


def test_a_job_at_work_is_not_repaired_by_others(store: ManifestStore, log: Path, root: Root, clock: Clock) -> None:
    """Its own next write does that."""
    log.write_bytes(log.read_bytes().replace(b"output/a", b"output/x"))
    with lock_job(root.require_state(), JOB):
        done = repair(root, store, clock, "job-1")
    assert is_locked(done)
    assert isinstance(done.error, LockedError)
    assert not is_locked(repair(root, store, clock, "job-1"))


def test_a_host_whose_log_is_gone_gets_it_back_before_it_writes(
    store: ManifestStore, beta: ManifestStore, log: Path
) -> None:
    """A new log in its place would hide what the old one said."""
    beta.add_files("job-1", [(RelPath("output/c"), TEMP)])
    store.finish("job-1", success=True, directories=[])
    log.with_name("job-1@beta.jsonl").unlink()
    beta.add_files("job-1", [(RelPath("output/d"), TEMP)])
    assert sorted(store.get("job-1").files[RelPath("output")]) == ["a", "b", "c", "d"]
    assert store.get("job-1").status is JobStatus.UNTRUSTED


@pytest.mark.parametrize("change", ["remove", "start"])
def test_a_seal_that_is_outdated_for_good_reason_stays_so(
    store: ManifestStore, log: Path, request_one: StartRequest, tmp_path: Path, change: str
) -> None:
    """Only a seal that says what the mended log says may stand for it."""
    store.finish("job-1", success=True, directories=[])
    seal = tmp_path / ".rules/sealed/job-1.json"
    before = seal.read_bytes()
    if change == "remove":
        store.remove("job-1", [RelPath("output/a")])
    else:
        store.start(request_one)
    assert store.mend("job-1") == ()
    assert seal.read_bytes() == before
    assert not store.get("job-1").sealed


def test_a_seal_cannot_vouch_for_a_log_that_grew_when_its_own_last_line_is_bad(
    store: ManifestStore, log: Path, request_one: StartRequest
) -> None:
    """Where it ended cannot be told any more; what it names is named, and the rest is lost."""
    store.finish("job-1", success=True, directories=[])
    store.start(request_one)
    log.write_bytes(
        log.read_bytes().replace(b'"status":"completed"', b'"status":"complated"').replace(b"output/a", b"output/x")
    )
    (done,) = store.mend("job-1")
    assert done.lost == 2
    assert sorted(store.get("job-1").files[RelPath("output")]) == ["a", "b"]


def test_a_log_that_the_seal_does_not_know_is_mended_alone(
    store: ManifestStore, beta: ManifestStore, log: Path
) -> None:
    """It began after the seal, so the seal tells nothing of it."""
    store.finish("job-1", success=True, directories=[])
    beta.remove("job-1", [RelPath("output/b")])
    late = log.with_name("job-1@beta.jsonl")
    late.write_bytes(late.read_bytes().replace(b"output/b", b"output/x"))
    assert [one.lost for one in store.mend("job-1")] == [1]
    assert sorted(store.get("job-1").files[RelPath("output")]) == ["a", "b"]


def test_two_damaged_lines_are_both_restored_from_the_seal(store: ManifestStore, log: Path) -> None:
    """The first and the last: how it began and how it ended, with the file between them."""
    store.add_directory("job-1", RelPath("elsewhere"), file_type=TEMP)
    store.finish("job-1", success=False, directories=[])
    want = store.get("job-1")
    data = log.read_bytes()
    for old, new in ((b"short_form", b"shirt_form"), (b"elsewhere", b"elsewhexe"), (b'"failed"', b'"fxiled"')):
        place = data.rindex(old) if old == b'"failed"' else data.index(old)
        data = data[:place] + new + data[place + len(old) :]
    log.write_bytes(data)
    assert [one.lost for one in store.mend("job-1")] == [0, 0]
    found = store.get("job-1")
    assert replace(found, files={}) == replace(want, files={})


def test_a_start_that_another_host_lost_is_not_trusted(
    store: ManifestStore, beta: ManifestStore, log: Path, request_one: StartRequest
) -> None:
    """Starting the job here tells its type again; what was lost there still protects."""
    log.write_bytes(log.read_bytes().replace(b"short_form", b"shirt_form"))
    started = beta.start(request_one)
    assert started.status is JobStatus.UNTRUSTED
    assert sorted(started.files[RelPath("output")]) == ["a", "b"]
