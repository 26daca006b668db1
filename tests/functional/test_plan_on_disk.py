"""The scenarios that are about the disk itself, on a real tree: what the walk and the manifests make of it."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from casefile import CASES

from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.lifecycle import add, finish, start
from rules_engine.jobs.planning import survey
from rules_engine.plan.given import Ask
from rules_engine.plan.model import Decision, Kept, NotDue, Plan, Remove
from rules_engine.plan.planner import make_plan
from rules_engine.policy.load import load_texts
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, SECOND, Instant, instant_to_datetime
from rules_engine.values.vocabulary import FileType

NOBODY = 65_534
RULES = """\
version: 1
kind: cleanup
rules:
  - {name: temps, files: {match: ["temp_*"], tracked: any}, after: 7d, action: delete}
  - {name: scratch, files: {in: workspace}, after: 7d, action: delete}
"""


class MovedClock:
    """The present, moved: nobody can set a ctime, so the tests move the clock and leave the files alone."""

    def __init__(self) -> None:
        self.days: float = 0

    def now(self) -> Instant:
        """The present, so many days on."""
        return Instant(SystemClock().now() + self.days * DAY)

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


class Tree:
    """A root on the disk with a layout and two rules, and what a plan of it says of each file."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.path = Path(root.path)
        self.clock = MovedClock()
        layout = Path(CASES, "policies", "short_form.yaml").read_text("utf-8")
        self.policies = load_texts({"policies/short_form.yaml": layout, "policies/cleanup.yaml": RULES})

    def write(self, path: str, *, days_old: float = 0) -> Path:
        """A file whose mtime says that it is so old."""
        there = self.path / path
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(b"12345")
        written = int(SystemClock().now() - days_old * DAY)
        os.utime(there, ns=(written, written))
        return there

    def start(self, job_id: str) -> None:
        """Start a job."""
        start(self.root, self.policies, self.clock, "short_form", job_id=job_id)

    def declare(self, job_id: str, *paths: str) -> None:
        """Declare files of a job."""
        named = [RelPath(path) for path in paths]
        add(self.root, self.policies, self.clock, job_id, named, file_type=FileType.TEMP_VIDEO)

    def finish(self, job_id: str) -> None:
        """Finish a job with success."""
        finish(self.root, self.policies, self.clock, job_id, success=True)

    def plan(self, *, days_on: float = 0) -> tuple[Plan, dict[str, str]]:
        """The plan so many days on, and what it says of each file."""
        self.clock.days = days_on
        # The files of a test are as young as the test: the plan must not be older than they are.
        now = Instant(self.clock.now() + SECOND)
        # Of everything: what is said of a file that no rule selects is a claim of these tests, too.
        seen = survey(self.policies, self.root, self.clock, prune=False)
        said: dict[str, str] = {}
        moment = instant_to_datetime(now)
        plan = make_plan(
            seen.policies,
            seen.jobs,
            seen.inventory,
            seen.guards,
            now=moment,
            ask=Ask(),
            watch=lambda file, decision: said.update({file.path: describe(decision)}),
        ).collected()
        return plan, {path: text for path, text in said.items() if not path.startswith(".rules/")}


def describe(decision: Decision) -> str:
    """A decision in few words."""
    match decision:
        case Kept(text=text):
            return text
        case NotDue(waits_for=waits_for):
            return f"waits for {waits_for}"
        case Remove(action=action, rules=rules):
            return f"{action.value} by {', '.join(rules)}"


@pytest.fixture
def tree() -> Iterator[Tree]:
    """A root in a directory that also an unprivileged user reaches."""
    with tempfile.TemporaryDirectory() as place, Root.create(place) as root:
        yield Tree(root)


@pytest.fixture
def unprivileged(tree: Tree) -> Iterator[None]:
    """A user to whom a closed directory is closed: root reads everything."""
    if os.geteuid() != 0:
        yield
        return
    for directory, _, names in [*os.walk(tree.path)]:  # noqa: TID251 - a tree of this test's own making
        for path in (directory, *(os.path.join(directory, name) for name in names)):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    # The interpreter may lie where nobody reads: all that is imported late must be there before.
    tree.plan()
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)


@pytest.fixture
def closed(tree: Tree) -> Iterator[Path]:
    """A directory with a temp that nobody can list."""
    closed = tree.write("media/closed/temp_inside").parent
    tree.write("media/open/temp_outside")
    closed.chmod(0)
    yield closed
    closed.chmod(0o700)


def test_an_unreadable_directory_is_a_problem_and_the_rest_is_planned(
    tree: Tree, closed: Path, unprivileged: None
) -> None:
    """What lies in it is not decided, and what lies beside it is."""
    plan, said = tree.plan(days_on=8)
    assert said == {"media/open/temp_outside": "delete by temps"}
    assert plan.trailer.problems == [("media/closed", "cannot be opened: Permission denied")]
    assert plan.trailer.refusals == []


def test_a_damaged_manifest_keeps_stray_temps(tree: Tree) -> None:
    """A lost line may name any stray file, but none in the workspace of another job."""
    for job in ("good", "hurt"):
        tree.start(job)
        tree.write(f"scratch/{job}/temp_a")
        tree.declare(job, f"scratch/{job}/temp_a")
    tree.finish("good")
    tree.write("media/temp_stray")
    _, before = tree.plan(days_on=8)
    (log,) = (tree.path / ".rules/manifests").glob("hurt@*.jsonl")
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([lines[0], lines[1].replace(b"temp_a", b"temp_b"), *lines[2:]]))
    plan, said = tree.plan(days_on=8)
    assert before["media/temp_stray"] == "delete by temps"
    assert said["scratch/good/temp_a"] == "delete by scratch, temps"
    assert said["media/temp_stray"].startswith("the manifest of job `hurt` may name it: ")
    assert said["scratch/hurt/temp_a"].startswith("the manifest of job `hurt` may name it: ")
    assert {summary.because.value for summary in plan.trailer.kept} >= {"damaged_manifest"}


def test_a_link_is_an_entry_and_is_never_followed(tree: Tree, tmp_path: Path) -> None:
    """A link to a file or a directory outside goes as the entry that it is; what it points to is not looked at."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/temp_film.mkv").touch()
    media = tree.write("media/film.mkv").parent
    (media / "temp_directory").symlink_to(tmp_path / "outside")
    (media / "temp_file").symlink_to(tmp_path / "outside/temp_film.mkv")
    (media / "temp_nowhere").symlink_to("nowhere")
    _, said = tree.plan(days_on=8)
    assert said == {
        "media/film.mkv": "no rule selects it",
        "media/temp_directory": "delete by temps",
        "media/temp_file": "delete by temps",
        "media/temp_nowhere": "delete by temps",
    }


def test_a_file_that_was_copied_in_with_an_old_mtime_is_young(tree: Tree) -> None:
    """`cp -p` and `tar` bring the mtime along, but the ctime is that of their coming."""
    tree.write("media/temp_copied", days_old=900)
    assert tree.plan(days_on=6)[1] == {"media/temp_copied": "waits for rule `temps`"}
    assert tree.plan(days_on=7)[1] == {"media/temp_copied": "delete by temps"}


def test_a_later_mode_makes_no_sealed_file_young_but_a_late_file_stays(tree: Tree) -> None:
    """The seal vouches for what was there at the end; what came later with an old mtime is as young as its coming."""
    tree.clock.days = -10
    tree.start("done")
    sealed = tree.write("scratch/done/sealed.mkv", days_old=11)
    tree.finish("done")
    sealed.chmod(0o600)
    tree.write("scratch/done/late.mkv", days_old=11)
    assert tree.plan()[1] == {
        "scratch/done/late.mkv": "waits for rule `scratch`",
        "scratch/done/sealed.mkv": "delete by scratch",
    }


def test_what_is_undeclared_in_a_workspace_goes_with_its_directories(tree: Tree) -> None:
    """A workspace goes whole: declared or not, deepest directory first."""
    tree.start("done")
    tree.write("scratch/done/deep/er/core.1234")
    tree.finish("done")
    plan, said = tree.plan(days_on=8)
    assert said == {"scratch/done/deep/er/core.1234": "delete by scratch"}
    removed = [
        f"{batch.directory}/{entry.name}"
        for batch in plan.batches
        for entry in batch.entries
        if batch.action.value == "remove_directory"
    ]
    assert removed.index("scratch/done/deep/er") < removed.index("scratch/done/deep") < removed.index("scratch/done")


def test_a_directory_of_a_temporary_name_is_not_emptied(tree: Tree) -> None:
    """`temp_*` takes files of that name, whatever the walk brings."""
    tree.write("media/temp_backup/wedding.mkv")
    tree.write("media/temp_clip.mkv")
    assert tree.plan(days_on=8)[1] == {
        "media/temp_backup/wedding.mkv": "no rule selects it",
        "media/temp_clip.mkv": "delete by temps",
    }


def test_what_is_never_entered_is_named_and_not_planned(tree: Tree) -> None:
    """Another root and a directory that belongs to git are skipped, each with its reason."""
    tree.write("media/repo/.git/temp_object")
    tree.write("media/repo/temp_clip.mkv")
    other = tree.path / "media/other"
    tree.write("media/other/temp_theirs")
    (other / ".rules").mkdir()
    plan, said = tree.plan(days_on=8)
    assert said == {"media/repo/temp_clip.mkv": "delete by temps"}
    assert plan.trailer.skipped == [
        ("media/other", "it is another root"),
        ("media/repo/.git", "a directory named `.git` is never entered"),
    ]


def test_a_name_that_is_not_text_is_planned_like_others(tree: Tree) -> None:
    """Bytes that are not UTF-8, and line breaks, are parts of names."""
    tree.write("media/temp_\udcff")
    tree.write("media/temp_\nb")
    assert tree.plan(days_on=8)[1] == {
        "media/temp_\nb": "delete by temps",
        "media/temp_\udcff": "delete by temps",
    }


def test_a_socket_is_kept(tree: Tree) -> None:
    """What is no file and no link is never removed."""
    tree.write("media/film.mkv")
    os.mkfifo(tree.path / "media/temp_fifo")
    assert tree.plan(days_on=8)[1]["media/temp_fifo"] == "it is not a regular file or link"
