"""`rules job`: manifests from a shell pipeline."""

import pytest
from cliplace import LAYOUT, Place
from other_users import immutable

from rules_engine.filesystem.locks import lock_root
from rules_engine.filesystem.root import Root


def test_a_job_is_started_added_to_finished_and_planned(studio: Place) -> None:
    """The whole life of a job from a shell."""
    assert studio.process("job", "start", "clip", "series=Suits", "--id", "j1").out == "j1\n"
    studio.write("media/scratch/j1/clips/a.mkv")
    assert studio.process("job", "add", "j1", "media/scratch/j1/clips/a.mkv", "--type", "temp_video").code == 0
    assert studio.process("job", "finish", "j1").code == 0
    shown = studio.process("job", "show", "j1")
    assert "status            completed\n" in shown.out
    assert "  temp_video  scratch/j1/clips/a.mkv\n" in shown.out
    assert "j1  clip  completed  ended " in studio.process("job", "list").out
    steps = studio.rules("plan", "--at", "+2d", "--format", "json").document["steps"]
    assert [step["path"] for step in steps if "settings.cleanup" in step["rules"]] == [
        "scratch/j1/clips/a.mkv",
        "scratch/j1/clips",
        "scratch/j1/temp",
        "scratch/j1",
    ]


def test_a_job_without_an_id_gets_one_that_no_other_has(studio: Place) -> None:
    """It is printed alone, for the shell."""
    first, second = (studio.rules("job", "start", "clip").out for _ in range(2))
    assert first.startswith("clip-")
    assert first != second


def test_the_environment_of_a_job_can_be_evaluated_by_a_shell(studio: Place) -> None:
    """Values are quoted; the scratch directory without `holds` is where temporary files go."""
    answer = studio.rules("job", "start", "clip", "--id", "j1", "--env")
    assert answer.out == (
        "export RULES_JOB_ID=j1\n"
        f"export RULES_WORKSPACE={studio.media}/scratch/j1\n"
        f"export RULES_OUTPUT={studio.media}/out/none/j1\n"
        f"export TMPDIR={studio.media}/scratch/j1/temp\n"
    )


def test_a_layout_without_a_directory_for_the_rest_gives_the_workspace(studio: Place) -> None:
    """As the place for temporary files."""
    studio.write("policies/clip.yaml", LAYOUT.replace("  temp: {in: workspace}\n", ""))
    answer = studio.rules("job", "start", "clip", "--id", "j1", "--env")
    assert f"export TMPDIR={studio.media}/scratch/j1\n" in answer.out


def test_a_failed_job_says_so(studio: Place) -> None:
    """Its status link moves as well."""
    studio.rules("job", "start", "clip", "--id", "j1", "--lease", "12h")
    assert studio.rules("job", "finish", "j1", "--failed").code == 0
    assert (studio.media / "jobs/failed/j1").is_symlink()
    assert studio.rules("job", "show", "j1", "--format", "json").document["status"] == "failed"


def test_the_documents_of_jobs_are_json(studio: Place) -> None:
    """Of one started now, and of all."""
    started = studio.rules("job", "start", "clip", "--id", "j1", "--format", "json").document
    assert (started["kind"], started["job_id"], started["status"]) == ("job", "j1", "running")
    listed = studio.rules("job", "list", "--format", "json").document
    assert [one["job_id"] for one in listed["jobs"]] == ["j1"]
    assert listed["jobs"][0]["workspace"] == "scratch/j1"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["start", "clap"], 2, "no layout has the job type `clap`\n  help: did you mean `clip`?"),
        (["start", "clip", "series"], 2, "parameter `series` is not `KEY=VALUE`"),
        (["start", "clip", "series=a", "series=b"], 2, "parameter `series` is given twice"),
        (["start", "clip", "series=../x"], 2, "value of parameter `series` `../x` is not one path component"),
        (["start", "clip", "--lease", "soon"], 2, "duration `soon` is not numbers with units"),
        (["add", "j1", "/etc/passwd", "--type", "x"], 2, "path `/etc/passwd` does not lie in the root"),
        (["show", "j9"], 6, "job `j9` is not known to this root\n  help: "),
        (["finish", "j9"], 6, "job `j9` is not known to this root\n  help: "),
    ],
)
def test_what_a_job_cannot_be_asked_is_said_in_one_line(
    studio: Place, arguments: list[str], code: int, message: str
) -> None:
    """And changes nothing."""
    studio.rules("job", "start", "clip", "--id", "j1")
    before = studio.tree()
    answer = studio.rules("job", *arguments)
    assert answer.code == code, answer
    assert answer.err.startswith(f"error: {message}")
    assert studio.tree() == before


def test_a_running_job_cannot_be_started_again(studio: Place) -> None:
    """Exit 6."""
    studio.rules("job", "start", "clip", "--id", "j1")
    answer = studio.rules("job", "start", "clip", "--id", "j1")
    assert answer.code == 6
    assert answer.err.startswith("error: job `j1` is running")


def test_a_directory_that_is_no_root_starts_no_job(studio: Place) -> None:
    """Exit 6, and nothing is made there."""
    (studio.path / "other").mkdir()
    answer = studio.rules("job", "start", "clip", "--root", "other")
    assert answer.code == 6
    assert list((studio.path / "other").iterdir()) == []


def test_a_link_that_could_not_be_made_is_said_and_the_job_runs(studio: Place) -> None:
    """Exit 3: something stands in the way of its status link."""
    studio.write("media/jobs/running/j1")
    answer = studio.rules("job", "start", "clip", "--id", "j1")
    assert answer.code == 3
    assert answer.out == "j1\n"
    assert answer.err.startswith("error: could not create link `jobs/running/j1`: ")
    assert studio.rules("job", "show", "j1", "--format", "json").document["status"] == "running"


@pytest.mark.parametrize("command", ["start", "add", "finish", "list", "show"])
def test_each_help_of_a_job_command_lists_its_exit_codes(place: Place, command: str) -> None:
    """Also below a group."""
    answer = place.rules("job", command, "--help")
    assert answer.code == 0
    assert "Exit codes:\n" in answer.out


@pytest.fixture
def hasty(studio: Place) -> Place:
    """A root whose temporary files go at once, with a job that has one."""
    settings = studio.path / "policies/settings.yaml"
    settings.write_text(settings.read_text() + "cleanup: {retention: 0s}\n")
    studio.rules("job", "start", "clip", "--id", "j1")
    studio.write("media/scratch/j1/temp/x", "123")
    return studio


def test_finishing_a_job_cleans_what_is_due(hasty: Place) -> None:
    """What went is said, unless nobody wants to hear it."""
    answer = hasty.rules("job", "finish", "j1")
    assert (answer.code, answer.err) == (0, "cleaned 4 entries, freed 3 B\n")
    assert not (hasty.media / "scratch/j1").exists()


def test_finishing_a_job_can_be_silent(hasty: Place) -> None:
    """With `--quiet` there is no remark."""
    assert hasty.rules("job", "finish", "j1", "--quiet").err == ""
    assert not (hasty.media / "scratch/j1").exists()


def test_finishing_a_job_never_waits_for_another_run(hasty: Place) -> None:
    """What is due is left to the next run, and the job is finished all the same."""
    with Root.open(str(hasty.media)) as root, lock_root(root.require_state()):
        answer = hasty.rules("job", "finish", "j1")
    assert answer.code == 0
    assert answer.err.startswith("cleanup put off: another run holds the lock")
    assert (hasty.media / "scratch/j1/temp/x").exists()


def test_a_cleanup_that_fails_does_not_fail_the_job(hasty: Place) -> None:
    """It names what could not go."""
    with immutable(hasty.media / "scratch/j1/temp/x"):
        answer = hasty.rules("job", "finish", "j1", "--quiet")
        assert answer.code == 0
        assert f"error: could not clean `{hasty.media}/scratch/j1/temp/x`: Operation not permitted\n" in answer.err
