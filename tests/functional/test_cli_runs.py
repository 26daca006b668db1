"""The past on the command line: `rules runs`, `rules show RUN`, what explain says of what is gone, what retires."""

import shlex
from pathlib import Path

import pytest
from cliplace import LAYOUT, Place


@pytest.fixture
def run_id(place: Place) -> str:
    """The id of a run that deleted one file and set another aside."""
    for stray in (place.media / "a").iterdir():
        stray.unlink()
    place.write("media/in/temp_1")
    place.write("media/in/b c.part")
    assert place.rules("init", "--root", "media").code == 0
    assert place.rules("apply", "--yes").code == 0
    return next(Path(place.media, ".rules/runs").iterdir()).name


def _cut_short(place: Place, run_id: str) -> None:
    """As a run is left that was killed between its second step and the record of it."""
    folder = place.media / ".rules/runs" / run_id
    (folder / "report.json").unlink()
    log = folder / "outcomes.jsonl"
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0])


def test_runs_are_listed_without_a_policy_folder(place: Place, run_id: str) -> None:
    """Where the root is named; the settings that were applied last say how long the trash is kept."""
    elsewhere = Place(place.path / "elsewhere")
    elsewhere.path.mkdir()
    root = ("--root", str(place.media))
    for options, answer in (((), place.process("runs")), (root, elsewhere.process("runs", *root))):
        assert (answer.code, answer.err) == (0, "")
        first, did, undo = answer.out.splitlines()
        assert first.startswith(f"{run_id}  finished  ")
        assert did == "  delete: 1 file, 1 B freed; trash: 1 file, 1 B set aside"
        command = " ".join(("rules restore", run_id, *options))
        assert undo.startswith(f"  `{command}` puts it back, until ")
        assert undo.endswith(" (in 6d23h)")
    (run,) = place.rules("runs", "--format", "json").document["runs"]
    assert (run["run_id"], run["state"], run["in_trash"]) == (run_id, "finished", True)
    assert elsewhere.rules("runs").code == 4


def test_the_newest_runs_are_listed_first_and_the_others_counted(place: Place, run_id: str) -> None:
    """`--limit` says how many."""
    place.write("media/in/temp_2")
    place.rules("apply", "--yes")
    lines = place.rules("runs", "--limit", "1").out.splitlines()
    assert run_id not in lines[0]
    assert lines[-1] == "and 1 older run; `--limit` shows more"


def test_a_run_that_was_cut_short_is_finished_by_the_command_that_it_names(place: Place, run_id: str) -> None:
    """Its plan lies in its folder, and is a plan like any other; with the policies, and without any."""
    _cut_short(place, run_id)
    lines = place.rules("runs").out.splitlines()
    assert lines[0].startswith(f"{run_id}  UNFINISHED  ")
    assert lines[1] == "  no report: it was killed, or it goes on now; 1 step recorded"
    assert lines[2] == f"  `rules apply {run_id}` finishes it"
    done = place.process(*lines[2].split("`")[1].removeprefix("rules ").split())
    assert (done.code, done.err) == (0, f"run {run_id} goes on: 2 steps\n")
    assert done.out.splitlines()[2:4] == ["  delete  1 file  1 B  done", "  trash   1 file  1 B  done"]
    _cut_short(place, run_id)
    elsewhere = Place(place.path / "elsewhere")
    elsewhere.path.mkdir()
    command = elsewhere.rules("runs", "--root", str(place.media)).out.splitlines()[2].split("`")[1]
    assert command.endswith(f" --root {place.media} --policies-from-plan")
    assert elsewhere.process(*command.removeprefix("rules ").split()).code == 0
    assert place.rules("runs").out.splitlines()[0].startswith(f"{run_id}  finished  ")


def test_a_new_run_closes_one_that_was_cut_short(place: Place, run_id: str) -> None:
    """Its report says by which, nothing of it is carried out any more, and what it set aside can be put back."""
    _cut_short(place, run_id)
    stray = place.write("media/in/temp_2")
    assert place.rules("apply", "--yes").code == 0
    assert not stray.exists()
    document = place.rules("runs", "--format", "json").document
    (new,) = (one["run_id"] for one in document["runs"] if one["run_id"] != run_id)
    place.write("media/in/temp_1")
    for named in (run_id, run_id[:9], str(place.media / ".rules/runs" / run_id / "plan.jsonl")):
        again = place.rules("apply", named)
        assert again.code == 5
        assert f"run {run_id} was cut short, and is closed by run {new}\n  help: make a new plan\n" in again.err
    (line, did, because, undo) = place.rules("show", run_id).out.splitlines()[:4]
    assert line.startswith(f"run {run_id} CLOSED, ")
    assert did == "  delete: 1 file, 1 B freed".strip()
    assert because == f"because closed by run {new}"
    assert undo.startswith(f"`rules restore {run_id}` puts it back, until ")
    assert place.rules("restore", run_id, "--yes").code == 0
    assert (place.media / "in/b c.part").exists()
    assert place.rules("apply", "last").code == 0


def test_a_run_is_shown_by_its_id_its_beginning_or_last(place: Place, run_id: str) -> None:
    """Summary, by rule, by directory; with `--verbose` every step and what became of it."""
    texts = {place.process("show", one).out.split(" (")[0] for one in (run_id, run_id[:6], "last")}
    assert len(texts) == 1
    lines = place.rules("show", "last").out.splitlines()
    assert "  `parts`        trash   1 step  1 B  done" in lines
    assert sum(line.startswith("guards: ") for line in lines) == 1
    assert "  in/  delete  1 step  1 B  done" in lines
    assert not any("b c.part" in line for line in lines)
    verbose = place.rules("show", "last", "--verbose").out.splitlines()
    assert verbose[-1] == "  done         trash                    1 B  in/b c.part  by `parts`"
    assert place.rules("show", run_id, "--steps").out.splitlines()[-1] == verbose[-1].strip()
    assert place.rules("show", run_id, "--by-rule").out.splitlines()[0] == "`parts`        trash   1 step  1 B  done"
    assert len(place.rules("show", run_id, "--by-directory").out.splitlines()) == 2
    document = place.rules("show", run_id, "--format", "json", "--verbose").document
    assert (document["kind"], document["run_id"], len(document["steps"])) == ("run", run_id, 2)
    assert place.rules("show", run_id, "--html", "run.html").code == 0
    assert (place.path / "run.html").stat().st_size > 0


def test_what_names_no_run_or_several_says_what_to_do(place: Place, run_id: str) -> None:
    """A file of that name comes first; a word that can be neither is a file that is not there."""
    answer = place.rules("show", "0" * 16 if run_id[0] != "0" else "f" * 16)
    assert answer.code == 2
    assert answer.err.endswith("is neither a file nor a recorded run\n  help: `rules runs` lists the runs\n")
    assert place.rules("show", "no-such-plan").code == 5
    assert place.rules("plan", "--out", "last").code == 0
    assert place.rules("show", "last").out.startswith("root id ")
    assert place.rules("show", run_id[:3]).code == 0


def test_a_run_whose_plan_is_damaged_is_shown_as_far_as_it_is_known(place: Place, run_id: str) -> None:
    """Its report; what needs the plan says that it cannot be used."""
    plan = place.media / ".rules/runs" / run_id / "plan.jsonl"
    plan.write_bytes(plan.read_bytes()[:-9])
    assert place.rules("show", run_id).out.endswith("its plan cannot be read, so nothing more is known\n")
    assert place.rules("show", run_id, "--format", "json").document["rules"] == []
    assert place.rules("show", run_id, "--steps").code == 5


def test_explain_names_the_run_the_rule_and_the_way_back(place: Place, run_id: str) -> None:
    """Only while the trash has it."""
    lines = place.process("explain", "in/b c.part", "in/temp_1").out.splitlines()
    assert lines[3] == "  IS NOT THERE"
    assert lines[4].startswith(f"  run {run_id}, ended ")
    assert lines[4].endswith(": trash by `parts`: done")
    assert lines[5] == f"    `rules restore {run_id} 'in/b c.part'` puts it back"
    assert lines[-1].endswith(": delete by `stray-temps`: done")
    (place.media / ".rules/trash" / run_id / "in/b c.part").unlink()
    assert place.rules("explain", "in/b c.part").out.splitlines()[-1] == "    it is no longer in the trash"


def test_what_explain_names_puts_the_file_back_and_the_past_knows_it(place: Place, run_id: str) -> None:
    """Then the newest word is the restore, and the run that took the file has nothing in the trash any more."""
    lines = place.rules("explain", "in/b c.part").out.splitlines()
    command = shlex.split(lines[-1].split("`")[1])
    assert place.process(*command[1:], "--yes").code == 0
    assert (place.media / "in/b c.part").read_text() == "x"
    first, did, asked = place.rules("runs").out.splitlines()[:3]
    assert (first.split()[1], did) == ("finished", "  restore: 1 file, 1 B")
    assert asked == f"  asked for paths=in/b c.part, restore={run_id}"
    assert place.rules("runs").out.splitlines()[-1] == "  no longer in the trash"
    (place.media / "in/b c.part").unlink()
    told = place.rules("explain", "in/b c.part").out.splitlines()
    assert f": restore from run {run_id}: done" in told[4]
    assert told[-1] == "    it is no longer in the trash"


def test_old_runs_and_manifests_retire_with_a_run_that_removes_something(place: Place) -> None:
    """A packed job is known as before, passes as whole, and can be started again with all that it had."""
    (place.media / "a/film.part").unlink()
    place.write("policies/clip.yaml", LAYOUT)
    place.write("policies/settings.yaml", "version: 1\nkind: settings\nroot: media\nstate: {keep: 0s}\n")
    place.write("media/in/temp_1")
    assert place.rules("init", "--root", "media").code == 0
    assert place.rules("apply", "--yes").code == 0
    (old,) = (place.media / ".rules/runs").iterdir()
    assert place.rules("job", "start", "clip", "--id", "j1").code == 0
    place.write("media/out/none/j1/videos/final.mkv")
    assert place.rules("job", "add", "j1", "media/out/none/j1/videos/final.mkv", "--type", "final_video").code == 0
    assert place.rules("job", "finish", "j1").code == 0
    before = place.rules("job", "show", "j1").out
    place.write("media/in/temp_2")
    done = place.process("apply", "--yes")
    assert (done.code, "note" in done.err) == (0, False)
    assert not old.exists()
    assert list((place.media / ".rules/manifests").iterdir()) == []
    shown = place.rules("job", "show", "j1").out
    assert "manifest          packed: its seal says all that there is to say" in shown
    assert shown.splitlines()[-1] == before.splitlines()[-1]
    assert place.process("manifest", "verify").out == "every manifest and seal is whole\n"
    assert place.rules("job", "start", "clip", "--id", "j1").code == 0
    again = place.rules("job", "show", "j1", "--format", "json").document
    assert (again["attempt"], again["status"], again["packed"]) == (2, "running", False)
    assert [one["path"] for one in again["declared"]] == ["out/none/j1/videos/final.mkv"]
