"""The GitHub Action and the hooks for pre-commit: their commands are run as they are written, but for the install."""

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from cliplace import CLEANUP, REPOSITORY, Place
from gitplace import Repository, make_repository

ACTION = yaml.safe_load((REPOSITORY / "action.yml").read_text())
HOOKS = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())
PAGE = (REPOSITORY / "docs/review.md").read_text()
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
INSTALL = {"Set up Python", "Install"}
MORE = CLEANUP.replace('["*.part"]', '["*.part", "*.mkv"]')
CASES = """\
version: 1
kind: cases
cases:
  - name: a part is set aside
    files:
      a/film.part: {changed: 1d ago}
    expect:
      trash: {a/film.part: parts}
"""


@dataclass(frozen=True)
class Workflow:
    """A repository in which steps of the action are run."""

    place: Place
    repository: Repository

    def run(self, name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run one step as GitHub does, with the inputs that a workflow gives."""
        step = STEPS[name]
        given = {key: str(value.get("default", "")) for key, value in ACTION["inputs"].items()}
        given |= {"base": "main"} | {key.replace("_", "-"): value for key, value in inputs.items()}
        variables = {
            key: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: given[found[1]], value)
            for key, value in step.get("env", {}).items()
        }
        commands = Path(sys.executable).parent
        environment = self.place.environment | variables
        environment["PATH"] = f"{commands}:{environment['PATH']}"
        for file in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
            environment[file] = str(self.place.path / "media" / file)
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.place.path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def said(self, file: str) -> str:
        """What the steps wrote for GitHub."""
        path = self.place.path / "media" / file
        return path.read_text() if path.exists() else ""


@pytest.fixture
def workflow(place: Place) -> Workflow:
    """A repository whose policies were committed on `main`, with a case."""
    place.write("policies/cleanup.cases.yaml", CASES)
    place.write(".gitignore", "media/\n")
    repository = make_repository(place.path)
    repository.commit()
    return Workflow(place, repository)


def test_the_action_is_whole() -> None:
    """Each script has its shell, and none holds an expression: what a workflow says would be run with it."""
    assert ACTION["runs"]["using"] == "composite"
    for step in STEPS.values():
        assert ("run" in step) != ("uses" in step)
        if "run" in step:
            assert step["shell"] == "bash"
            assert "${{" not in step["run"]
        else:
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"])


def test_every_input_is_used_and_stands_on_the_page() -> None:
    """An input that nothing reads would be a promise."""
    text = (REPOSITORY / "action.yml").read_text()
    section = PAGE[PAGE.index("## On every pull request") :]
    rows = set(re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE))
    assert rows == set(ACTION["inputs"])
    for name in rows:
        assert f"inputs.{name}" in text


def test_every_step_that_can_be_run_here_is_run_by_a_test() -> None:
    """The rest installs."""
    assert set(STEPS) == INSTALL | {"Check", "Test", "Diff"}
    assert STEPS["Install"]["run"].endswith(' "$GITHUB_ACTION_PATH"')


@pytest.mark.parametrize("name", ["Check", "Test"])
def test_policies_that_are_fine_pass(workflow: Workflow, name: str) -> None:
    """Their cases hold as well."""
    done = workflow.run(name)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_invalid_policy_fails_the_check(workflow: Workflow) -> None:
    """With the code that `rules check` ends with."""
    workflow.place.write("policies/cleanup.yaml", CLEANUP.replace("action: keep", "action: kepp"))
    assert workflow.run("Check").returncode == 4


def test_a_change_that_removes_more_fails_and_says_so_in_the_summary(workflow: Workflow) -> None:
    """The summary is the Markdown of `rules diff`."""
    workflow.place.write("policies/cleanup.yaml", MORE)
    done = workflow.run("Diff")
    assert done.returncode == 8
    assert workflow.said("GITHUB_STEP_SUMMARY").startswith("### Something can be removed that could not")
    assert workflow.said("GITHUB_OUTPUT") == "removes-more=true\n"


def test_a_removal_can_be_shown_without_failing(workflow: Workflow) -> None:
    """For a team that wants to see it and to decide by itself."""
    workflow.place.write("policies/cleanup.yaml", MORE)
    done = workflow.run("Diff", fail_on_removal="false")
    assert done.returncode == 0
    assert done.stdout.startswith("::warning::")
    assert workflow.said("GITHUB_OUTPUT") == "removes-more=true\n"


def test_a_change_that_removes_nothing_more_passes(workflow: Workflow) -> None:
    """Its summary says so."""
    workflow.place.write("policies/cleanup.yaml", CLEANUP.replace("0s", "9d"))
    done = workflow.run("Diff")
    assert done.returncode == 0
    assert workflow.said("GITHUB_STEP_SUMMARY").startswith("### Nothing can be removed that could not")
    assert workflow.said("GITHUB_OUTPUT") == "removes-more=false\n"


def test_an_invalid_version_fails_the_diff(workflow: Workflow) -> None:
    """It is not known what the change does."""
    workflow.place.write("policies/cleanup.yaml", "nonsense")
    assert workflow.run("Diff").returncode == 4
    assert workflow.said("GITHUB_OUTPUT") == ""


@pytest.mark.parametrize("base", ["", "0" * 40], ids=["none", "new branch"])
def test_without_a_base_there_is_nothing_to_compare_with(workflow: Workflow, base: str) -> None:
    """The first push of a branch has none."""
    assert workflow.run("Diff", base=base).returncode == 0
    assert workflow.said("GITHUB_STEP_SUMMARY") == "There is no revision to compare the policies with.\n"


def test_policies_that_are_new_have_nothing_to_be_compared_with(workflow: Workflow) -> None:
    """The summary says so, and the check passes."""
    (workflow.place.path / "policies").rename(workflow.place.path / "rules")
    assert workflow.run("Diff", policies="rules").returncode == 0
    assert workflow.said("GITHUB_STEP_SUMMARY") == "The policies are new: there is nothing to compare them with.\n"


def test_a_base_that_the_checkout_lacks_is_fetched(workflow: Workflow, tmp_path: Path) -> None:
    """By its id or by the name of a branch; one that is nowhere fails."""
    base = workflow.repository.git("rev-parse", "HEAD")
    workflow.place.write("policies/cleanup.yaml", MORE)
    workflow.repository.commit()
    workflow.repository.git("branch", "before", base)
    clone = tmp_path / "clone"
    workflow.repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    workflow.repository.git("clone", "--quiet", "--depth=1", f"file://{workflow.place.path}", str(clone))
    shallow = Workflow(Place(clone), Repository(clone))
    (clone / "media").mkdir()
    assert shallow.run("Diff", base="before").returncode == 8
    assert shallow.run("Diff", base=base).returncode == 8
    assert shallow.run("Diff", base="nowhere").returncode == 128


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_passes_on_policies_that_are_fine_and_fails_on_others(workflow: Workflow, hook: dict[str, Any]) -> None:
    """It is run as pre-commit runs it: the entry, without file names."""
    assert (hook["language"], hook["pass_filenames"]) == ("python", False)
    command, *arguments = shlex.split(hook["entry"])
    assert command == "rules"
    assert workflow.place.rules(*arguments).code == 0
    workflow.place.write("policies/cleanup.yaml", CLEANUP.replace("action: trash", "action: trsh"))
    assert workflow.place.rules(*arguments).code == 4


def test_the_page_shows_the_hooks_and_a_workflow() -> None:
    """What a reader copies names only what there is."""
    workflow, hooks = (
        yaml.safe_load(text) for text in re.findall(r"^```yml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    )
    given = workflow["jobs"]["review"]["steps"][1]["with"]
    assert set(given) <= set(ACTION["inputs"])
    assert [one["id"] for one in hooks["repos"][0]["hooks"]] == [hook["id"] for hook in HOOKS]
