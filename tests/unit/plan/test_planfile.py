"""The plan file, case by case; its laws are in tests/properties/test_planfile_laws.py."""

import hashlib
import io
import json
from typing import Any

import pytest
from makers import days_ago, file, listed, planned, policies, removal, written

from rules_engine.errors import ExitCode
from rules_engine.plan.planfile import PlanFileError, read_plan

PLAN = written(planned(policies(removal()), (), listed(file("misc/a"), file("misc/b"))))
HELP = "\n  help: make it again with `rules plan --out FILE`"


def sealed(lines: list[bytes]) -> bytes:
    """A plan file of these lines with a trailer whose digest is right."""
    trailer = PLAN.splitlines(keepends=True)[-1].rpartition(b',"sha256":"')[0]
    body = b"".join(lines) + trailer
    return body + b',"sha256":"' + hashlib.sha256(body).hexdigest().encode() + b'"}\n'


def with_batch(directory: Any, name: Any) -> bytes:
    """A plan file that proves itself, of one step on `name` in `directory`."""
    header, batch = PLAN.splitlines(keepends=True)[:2]
    found = json.loads(batch)
    found["directory"] = directory
    found["entries"] = [[name, *found["entries"][0][1:]]]
    return sealed([header, json.dumps(found).encode() + b"\n"])


def refusal(data: bytes) -> str:
    """What reading `data` is refused with."""
    with pytest.raises(PlanFileError) as caught:
        read_plan(io.BytesIO(data))
    assert caught.value.exit_code is ExitCode.STALE_PLAN
    assert str(caught.value).startswith("this plan cannot be used: ")
    assert str(caught.value).endswith(HELP)
    return caught.value.why


def test_a_kept_file_whose_name_is_not_utf8_can_be_read_back() -> None:
    """A trailer that names a file that is not UTF-8 beside its totals is read as it was written."""
    plan = planned(policies(), (), listed(file("misc/b\udcff")))
    assert plan.trailer.kept[0].largest == [(10, "misc/b\udcff")]
    assert read_plan(io.BytesIO(written(plan))).collected() == plan


def test_a_name_that_is_not_utf8_leaves_the_order_of_keys_alone() -> None:
    """The keys of a trailer stand in one order, whatever the names of the files."""
    plain = written(planned(policies(), (), listed(file("misc/b"))))
    odd = written(planned(policies(), (), listed(file("misc/b\udcff"))))
    one, other = (json.loads(data.splitlines()[-1])["trailer"] for data in (plain, odd))
    assert list(one) == list(other)
    assert list(one["kept"][0]["total"]) == list(other["kept"][0]["total"]) == ["files", "bytes"]


@pytest.mark.parametrize(
    ("directory", "name", "why"),
    [
        ("/etc", "passwd", "path `/etc` is absolute; write it relative to the root"),
        ("../etc", "passwd", "path `../etc` has a part that is .."),
        ("misc//x", "a", "path `misc//x` has a part that is empty"),
        ("misc", "../../etc", "the name `../../etc` is not one component"),
        ("misc", "..", "path `..` has a part that is .."),
        ("misc", ".", "path `.` has a part that is ."),
        ("misc", "", "path `` is empty"),
        ("misc", "a\0b", "path `a\0b` has a NUL in it"),
        ({"bytes": "2e2e2fff"}, "a", "path `../\udcff` has a part that is .."),
        ("misc", {"bytes": "2fff"}, "the name `/\udcff` is not one component"),
        ("misc", "x" * 256, f"path `{'x' * 256}` has a name of more than 255 bytes"),
    ],
)
def test_a_path_that_leaves_the_root_is_refused_though_the_digest_is_right(directory: Any, name: Any, why: str) -> None:
    """The digest proves that nobody edited a plan by accident, not that a path in it is one."""
    assert refusal(with_batch(directory, name)) == why


def test_a_refusal_says_a_hostile_name_in_one_harmless_line() -> None:
    """A name that moves the cursor is escaped in the message."""
    with pytest.raises(PlanFileError) as caught:
        read_plan(io.BytesIO(with_batch("misc", "\x1b[2J\n/x")))
    assert str(caught.value) == "this plan cannot be used: the name `\\x1b[2J\\n/x` is not one component" + HELP


def test_a_batch_without_entries_is_refused() -> None:
    """An empty batch says nothing, so no planner wrote it."""
    header, batch = PLAN.splitlines(keepends=True)[:2]
    found = json.loads(batch) | {"entries": []}
    assert refusal(sealed([header, json.dumps(found).encode() + b"\n"])) == "a batch has 0 entries"


def test_a_batch_with_more_than_4096_entries_is_refused() -> None:
    """The largest batch is what the executor carries out as one group."""
    header, batch = PLAN.splitlines(keepends=True)[:2]
    found = json.loads(batch)
    found["entries"] = found["entries"][:1] * 4097
    assert refusal(sealed([header, json.dumps(found).encode() + b"\n"])) == "a batch has 4097 entries"


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"kind": "run"}, "it is a `run`, not a plan"),
        ({"format_version": "2.0"}, "its format is 2.0; this version reads 1.0"),
    ],
)
def test_another_kind_or_format_is_refused(header: dict[str, str], why: str) -> None:
    """A file of another kind, or of a format that is not known, is no plan."""
    first, *rest = PLAN.splitlines(keepends=True)
    assert refusal(json.dumps(json.loads(first) | header).encode() + b"\n" + b"".join(rest)) == why


def test_a_later_minor_format_is_read() -> None:
    """A format that only adds is still a plan."""
    first, *rest = PLAN.splitlines(keepends=True)
    first = json.dumps(json.loads(first) | {"format_version": "1.7"}).encode() + b"\n"
    assert read_plan(io.BytesIO(sealed([first, *rest[:-1]]))).header.policies_digest == ""


def test_a_plan_without_its_last_line_is_refused() -> None:
    """Without the trailer nothing proves that the plan is whole."""
    assert refusal(b"".join(PLAN.splitlines(keepends=True)[:-1])) == "it was cut short: its last line is missing"


def test_a_plan_with_something_behind_it_is_refused() -> None:
    """Two plans in one file are no plan."""
    assert refusal(PLAN + PLAN) == "something stands after its last line"


def test_a_plan_cut_in_its_last_line_is_refused() -> None:
    """A digest that was cut does not prove anything."""
    assert refusal(PLAN[:-5]) == "it was cut short in its last line"


def test_an_edited_plan_is_refused() -> None:
    """A line that was changed no longer matches the digest."""
    assert refusal(PLAN.replace(b'"a"', b'"c"')) == "it was edited: its lines do not match its SHA-256"


@pytest.mark.parametrize(
    "line",
    [b'"\xff\xfe"\n', b"\n", b"[]\n", b'{"bytes":' * 30_000 + b"\n", b'[{"bytes":"zz"}]\n', b'{"directory":1}\n'],
    ids=["not-utf8", "blank", "list", "nested", "not-hex", "wrong-type"],
)
def test_a_line_that_is_no_batch_is_refused(line: bytes) -> None:
    """Whatever stands in a line, the answer is that this is no plan."""
    header = PLAN.splitlines(keepends=True)[0]
    assert refusal(sealed([header, line])).startswith("a line is not what a plan holds: ")


def test_a_plan_that_shrinks_while_it_is_read_is_refused() -> None:
    """A reader that finds the file cut after it was proved does not take the rest for the end."""
    source = io.BytesIO(PLAN)
    plan = read_plan(source)
    source.truncate(len(PLAN.splitlines(keepends=True)[0]))
    with pytest.raises(PlanFileError, match="cut short in the middle of a line"):
        list(plan.batches)


def test_the_digest_names_the_run() -> None:
    """The id of a run is the start of the digest of its plan."""
    plan = read_plan(io.BytesIO(PLAN))
    assert plan.trailer.run_id == plan.trailer.digest[:16]
    assert PLAN.endswith(f'"sha256":"{plan.trailer.digest}"}}\n'.encode())


def test_each_step_carries_what_must_still_be_true() -> None:
    """The plan file holds the identity of each file and since when its removal is due."""
    (batch,) = read_plan(io.BytesIO(PLAN)).batches
    entry = batch.entries[0]
    assert (entry.name, entry.inode, entry.size, entry.nlink) == ("a", 7, 10, 1)
    assert (entry.mtime_ns, entry.ctime_ns, entry.due) == (days_ago(15), days_ago(15), days_ago(14))
