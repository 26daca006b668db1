"""Hostile names, links and policies that change under a run, from the catalogue in docs/safety.md, end to end."""

import os
from pathlib import Path

from racing import RULES, SETTINGS

from rules_engine.apply.applied import read_applications, read_applied
from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import Outcome, RunStarted
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.planning import survey
from rules_engine.plan.planfile import read_plan, write_plan
from rules_engine.policy.load import load_policies
from rules_engine.policy.model import PolicySet
from rules_engine.values.quantities import DAY, Instant

ODD = (
    *(b"-rf", b" ", b".. ", b"...", b"~", b"$HOME", b"*", b"?", b"[a]", b"a\\b", b"con", b"A", b"a", b"!x", b"#x"),
    *(b"\n", b"\r\t", b"\x1b]52;c;eA==\x07", "\u2028\u202e".encode(), b"\xff\xfe", b"=cmd|x", b"<script>"),
)
"""Before `.part`: options, wildcards, spaces, case twins, what a terminal or a page obeys, what is no text."""


class TwoDaysAhead(SystemClock):
    """Nobody can tell whether a link is in use, so a young one is."""

    def now(self) -> Instant:
        """The instant."""
        return Instant(super().now() + 2 * DAY)


def _policies(top: Path) -> PolicySet:
    (top / "policies").mkdir()
    (top / "policies/cleanup.yaml").write_text(RULES)
    (top / "policies/settings.yaml").write_text(SETTINGS)
    return load_policies([str(top / "policies")])


def _media(top: Path) -> Path:
    (top / "media").mkdir()
    Root.create(str(top / "media")).close()
    return top / "media"


def test_every_odd_name_is_one_entry_that_goes_and_is_kept_apart(tmp_path: Path) -> None:
    """Each is planned, written into a plan file, read back, and set aside under its very name; its neighbours stay.

    So does one of 255 bytes, the longest that there is: the trash adds nothing to a name.
    """
    media, policies, clock = os.fsencode(_media(tmp_path)), _policies(tmp_path), SystemClock()
    names = [*(name + b".part" for name in ODD), b"n" * 250 + b".part"]
    for name in (*names, *(one[:-5] + b".stay" for one in names)):
        Path(os.fsdecode(media + b"/" + name)).touch()
    with Root.open(os.fsdecode(media)) as root, (tmp_path / "plan.jsonl").open("w+b") as file:
        write_plan(survey(policies, root, clock).plan(clock.now()), file)
        file.seek(0)
        planned = [entry.name for batch in read_plan(file).collected().batches for entry in batch.entries]
        result = apply_plan(file.name, root, policies=policies, clock=clock)
    assert sorted(map(os.fsencode, planned)) == sorted(names)
    assert (result.count(Outcome.DONE), len(result.noted)) == (len(names), 0)
    assert sorted(os.listdir(media + b"/.rules/trash/" + result.run_id.encode())) == sorted(names)
    assert all(name.endswith(b".stay") or name == b".rules" for name in os.listdir(media))


def test_a_link_is_a_leaf_wherever_it_leads(tmp_path: Path) -> None:
    """Out of the root, to an open descriptor, to itself, to nothing, through forty others: only its own name counts."""
    media, policies, clock = _media(tmp_path), _policies(tmp_path), TwoDaysAhead()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "temp_1").write_text("stays")
    (media / "in").mkdir()
    (media / "in/temp_kept").symlink_to("../in")
    targets = {
        "out": "../outside",
        "fd": "/proc/self/fd/3",
        "self": "temp_self",
        "none": "nowhere",
        "file": "/etc/passwd",
    }
    targets |= {f"hop{number}": f"temp_hop{number + 1}" for number in range(40)} | {"hop40": "../outside"}
    for name, target in targets.items():
        (media / f"temp_{name}").symlink_to(target)
        (media / f"stays_{name}").symlink_to(target)
    with Root.open(str(media)) as root:
        plan = survey(policies, root, clock).plan(clock.now()).collected()
        assert not plan.trailer.problems
        result = apply_plan(plan, root, policies=policies, clock=clock)
    assert result.count(Outcome.DONE) == len(targets) + 1
    assert sorted(os.listdir(media)) == sorted([".rules", "in", *(f"stays_{name}" for name in targets)])
    assert (outside / "temp_1").read_text() == "stays"


def test_policies_that_change_under_a_run_change_nothing_of_it(tmp_path: Path) -> None:
    """The run goes by what was read before its first step, and its record names that."""
    media, policies, clock = _media(tmp_path), _policies(tmp_path), SystemClock()
    for name in ("temp_1", "a.part", "film.mkv"):
        (media / name).touch()
    everything = RULES.replace('"temp_*"', '"*"').replace("action: trash", "action: delete")

    def rewrite(event: object) -> None:
        if isinstance(event, RunStarted):
            (tmp_path / "policies/cleanup.yaml").write_text(everything)

    with Root.open(str(media)) as root:
        plan = survey(policies, root, clock).plan(clock.now()).collected()
        result = apply_plan(plan, root, policies=policies, clock=clock, listen=rewrite)
    assert (tmp_path / "policies/cleanup.yaml").read_text() == everything
    assert result.count(Outcome.DONE) == 2
    assert (media / "film.mkv").exists()
    assert (media / ".rules/trash" / result.run_id / "a.part").exists()
    with Root.open(str(media)) as root:
        state = root.require_state()
        recorded = [read_applied(state, one.digest).sources for one in read_applications(state)]
    assert [RULES in dict(sources).values() for sources in recorded] == [True]
