"""The data models carry the seed's fields, check themselves, and go through JSON unchanged."""

import json
import pickle
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from rules_engine.jobs.conform import Model
from rules_engine.jobs.models import (
    CleanupPolicy,
    CleanupResult,
    DirectoryStructure,
    InvalidModelError,
    JobContext,
    JobManifest,
)
from rules_engine.values.quantities import DAY, FOREVER, HOUR, MINUTE, Duration
from rules_engine.values.vocabulary import CleanupPolicy as CleanupValues
from rules_engine.values.vocabulary import DirectoryType, FileType, JobStatus, JobType

MOMENT = datetime(2026, 3, 1, 4, 5, 6, 789, tzinfo=UTC)
STRUCTURE = DirectoryStructure(
    Path("/m/output/Suits"), slides_dir=Path("/m/scratch/a/slides"), other_dirs={DirectoryType("videos"): Path("/m/v")}
)
CONTEXT = JobContext(
    job_id="clip-1",
    job_type=JobType.SHORT_FORM,
    start_time=MOMENT,
    output_dir=Path("/m/output/Suits"),
    manifest_path=Path("/m/.rules/manifests/clip-1@host.jsonl"),
    directories=STRUCTURE,
    temp_files=[Path("/m/scratch/a/x"), Path("/m/\udcff")],
    parameters={"series": "Suits"},
)
MANIFEST = JobManifest(
    job_id="clip-1",
    created_at=MOMENT,
    job_type=JobType("own_type"),
    files={FileType.TEMP_SLIDE: [Path("/m/a"), Path("/m/b")], FileType("own"): []},
    directories={DirectoryType.SLIDES: [Path("/m/s")]},
    status=JobStatus.FAILED,
    cleanup_policy=CleanupPolicy(retention_hours=3, file_types_to_clean=[FileType.TEMP_SLIDE]),
    ended_at=MOMENT,
)
RESULT = CleanupResult(
    removed=[Path("/m/a")],
    failed={Path("/m/b"): "permission denied"},
    kept={Path("/m/c"): "rule `final` keeps it"},
    due={Path("/m/d"): MOMENT},
    deferred=["the root is locked"],
    bytes_freed=7,
    run_id="4f",
)
MODELS: list[Model] = [STRUCTURE, CONTEXT, MANIFEST, RESULT, CleanupPolicy(), CleanupResult(dry_run=True)]

SEED = {
    JobContext: "job_id job_type start_time output_dir manifest_path directories temp_files final_outputs",
    JobManifest: "job_id created_at job_type files directories status cleanup_policy",
    DirectoryStructure: "base_dir temp_dir slides_dir expressions_dir shorts_dir long_form_dir metadata_dir",
    CleanupPolicy: "enabled retention_hours file_types_to_clean preserve_on_failure debug_mode_disables",
}


@pytest.mark.parametrize("model", SEED, ids=lambda model: model.__name__)
def test_the_fields_of_the_seed_come_first_and_in_its_order(model: type) -> None:
    """So that a call with positions means what it meant there."""
    wanted = SEED[model].split()
    assert [one.name for one in fields(model)][: len(wanted)] == wanted


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_a_model_goes_through_json_unchanged(model: Model) -> None:
    """Also paths that are not UTF-8, and types that a policy invented."""
    assert type(model).from_dict(json.loads(json.dumps(model.to_dict()))) == model
    assert pickle.loads(pickle.dumps(model)) == model  # noqa: S301 - our own bytes


def test_what_is_written_is_plain() -> None:
    """Text, numbers, lists and maps, with times in ISO 8601."""
    assert RESULT.to_dict() == {
        "removed": ["/m/a"],
        "failed": {"/m/b": "permission denied"},
        "kept": {"/m/c": "rule `final` keeps it"},
        "due": {"/m/d": "2026-03-01T04:05:06.000789+00:00"},
        "deferred": ["the root is locked"],
        "would_remove": [],
        "bytes_freed": 7,
        "dry_run": False,
        "run_id": "4f",
    }


def test_fields_are_brought_to_their_types() -> None:
    """Words, paths and times may be given as text; times are in UTC, whatever zone they had."""
    late = MOMENT.astimezone(timezone(timedelta(hours=9)))
    made = JobManifest("a", late, "short_form", {"temp_slide": ["/m/a"]}, status="completed")  # type: ignore[arg-type]
    assert isinstance(made.job_type, JobType)
    assert made.files == {FileType.TEMP_SLIDE: [Path("/m/a")]}
    assert made.status is JobStatus.COMPLETED
    assert (made.created_at, made.created_at.tzinfo) == (MOMENT, UTC)


def _with(model: Model, **changes: Any) -> dict[str, Any]:
    return model.to_dict() | changes


WRONG = [
    (JobContext, _with(CONTEXT, job_id="../a"), "job_id", "must begin with a letter or digit"),
    (JobContext, _with(CONTEXT, job_type=""), "job_type", "is not a word"),
    (JobContext, _with(CONTEXT, job_type=7), "job_type", "is not a word"),
    (JobContext, _with(CONTEXT, start_time="2026-03-01T00:00:00"), "start_time", "has no time zone"),
    (JobContext, _with(CONTEXT, start_time="soon"), "start_time", "is not a time in ISO 8601"),
    (JobContext, _with(CONTEXT, start_time=7), "start_time", "is not a time"),
    (JobContext, _with(CONTEXT, output_dir=""), "output_dir", "is not a path"),
    (JobContext, _with(CONTEXT, output_dir="a\0b"), "output_dir", "is not a path"),
    (JobContext, _with(CONTEXT, directories="/m"), "directories", "is not a DirectoryStructure"),
    (JobContext, _with(CONTEXT, directories={"base_dir": 7}), "base_dir", "is not a path"),
    (JobContext, _with(CONTEXT, temp_files="/m/a"), "temp_files", "is not a list"),
    (JobContext, _with(CONTEXT, temp_files={"/m/a": 1}), "temp_files", "is not a list"),
    (JobContext, _with(CONTEXT, temp_files=7), "temp_files", "is not a list"),
    (JobContext, _with(CONTEXT, parameters=["a"]), "parameters", "is not a map"),
    (JobContext, _with(CONTEXT, parameters={"a": 7}), "parameters", "is not text"),
    (JobContext, _with(CONTEXT, attempt=0), "attempt", "is not counted from 1"),
    (JobContext, _with(CONTEXT, attempt=True), "attempt", "is not a whole number"),
    (JobContext, _with(CONTEXT, status="finished"), "status", "is none of the known words"),
    (JobContext, _with(CONTEXT, output="/m"), "output", "has no such field"),
    (JobContext, {"job_id": "a"}, "job_type", "has no value for it"),
    (JobManifest, _with(MANIFEST, cleanup_policy={"enabled": 1}), "enabled", "is not true or false"),
    (CleanupPolicy, {"retention_hours": -1}, "retention_hours", "is not between 0 and"),
    (CleanupPolicy, {"retention_hours": 1.5}, "retention_hours", "is not a whole number"),
    (CleanupPolicy, {"preserve_hours": 10**9}, "preserve_hours", "is not between 0 and"),
    (CleanupPolicy, {"preserve_hours": 1, "preserve_on_failure": False}, "preserve_hours", "needs `preserve_on_f"),
    (CleanupPolicy, {"file_types_to_clean": "temp_slide"}, "file_types_to_clean", "is not a list"),
    (CleanupResult, {"bytes_freed": -1}, "bytes_freed", "is negative"),
    (CleanupResult, {"dry_run": True, "removed": ["/m/a"]}, "removed", "cannot be removed by a dry run"),
    (DirectoryStructure, {"base_dir": "/m", "other_dirs": {"slides": "/m/s"}}, "other_dirs", "a field of its own"),
]


@pytest.mark.parametrize(("model", "plain", "field", "why"), WRONG, ids=lambda one: one if isinstance(one, str) else "")
def test_what_cannot_be_is_refused_by_the_name_of_its_field(
    model: type[Model], plain: dict[str, Any], field: str, why: str
) -> None:
    """A ValueError, so that callers need no import to catch it."""
    with pytest.raises(InvalidModelError) as refused:
        model.from_dict(plain)
    assert isinstance(refused.value, ValueError)
    assert refused.value.what == field
    assert why in refused.value.why


def test_directories_are_found_by_their_key() -> None:
    """Those of the seed's names and those that a policy invented alike."""
    assert dict(STRUCTURE.each()) == {"slides": Path("/m/scratch/a/slides"), "videos": Path("/m/v")}
    assert STRUCTURE.get("videos") == Path("/m/v")
    assert STRUCTURE.get(DirectoryType.SLIDES) == Path("/m/scratch/a/slides")
    assert STRUCTURE.get("temp") is None


PAIRS = [
    (CleanupPolicy(), CleanupValues()),
    (CleanupPolicy(preserve_on_failure=False), CleanupValues(preserve_on_failure=Duration(0))),
    (CleanupPolicy(preserve_hours=336), CleanupValues(preserve_on_failure=Duration(14 * DAY))),
    (CleanupPolicy(enabled=False, retention_hours=0), CleanupValues(enabled=False, retention=Duration(0))),
    (
        CleanupPolicy(file_types_to_clean=[FileType.TEMP_AUDIO, FileType.TEMP_SLIDE], debug_mode_disables=False),
        CleanupValues(file_types=frozenset({FileType.TEMP_SLIDE, FileType.TEMP_AUDIO}), debug_mode_disables=False),
    ),
    (CleanupPolicy(file_types_to_clean=[]), CleanupValues(file_types=frozenset())),
    (CleanupPolicy(retention_hours=FOREVER // HOUR + 1), CleanupValues(retention=FOREVER)),
]


@pytest.mark.parametrize(("model", "values"), PAIRS)
def test_a_cleanup_policy_means_the_same_in_hours_and_in_policies(model: CleanupPolicy, values: CleanupValues) -> None:
    """There and back again, for ever included."""
    assert model.to_values() == values
    assert CleanupPolicy.from_values(values) == model


def test_a_part_of_an_hour_counts_as_one() -> None:
    """Rounded down, a file would be said to go before it does."""
    found = CleanupPolicy.from_values(CleanupValues(preserve_on_failure=Duration(90 * MINUTE)))
    assert (found.retention_hours, found.preserve_hours) == (24, 2)
    assert CleanupPolicy.from_values(CleanupValues(retention=Duration(90 * MINUTE))).retention_hours == 2


@pytest.mark.parametrize(
    ("result", "ok"),
    [
        (CleanupResult(), True),
        (CleanupResult(kept={Path("/a"): "pinned"}), True),
        (CleanupResult(failed={Path("/a"): "busy"}), False),
        (CleanupResult(deferred=["the root is locked"]), False),
    ],
)
def test_a_result_is_ok_when_nothing_failed_and_nothing_was_put_off(result: CleanupResult, ok: bool) -> None:
    """What is kept is kept on purpose."""
    assert result.ok is ok
