"""Policies as a git revision has them: the same texts as a folder, and nothing of the repository is changed or run."""

import os
from pathlib import Path

import pytest
from gitplace import Repository, make_repository

from rules_engine.errors import ExitCode, InvalidValueError
from rules_engine.policy.load import check_reading, load_policies, read_policies
from rules_engine.policy.repository import RevisionError
from rules_engine.policy.revision import Version, read_version
from rules_engine.policy.yamltext import LARGEST_FILE

KEEP = "version: 1\nkind: cleanup\nrules:\n  - {name: NAME, action: keep}\n"
SETTINGS = "version: 1\nkind: settings\nroot: media\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository whose folder `policies` was committed with one rule, and has two since."""
    made = make_repository(tmp_path / "project")
    made.write("policies/cleanup.yaml", KEEP.replace("NAME", "first"))
    made.write("policies/settings.yaml", SETTINGS)
    made.commit()
    made.write("policies/more.yaml", KEEP.replace("NAME", "second"))
    monkeypatch.chdir(made.path)
    return made


def _rules(version: Version) -> list[str]:
    policies = check_reading(version.reading).policies
    assert policies is not None
    return [rule.name for rule in policies.rules]


def _codes(version: Version) -> list[tuple[str, str]]:
    return [(one.code, one.message) for one in check_reading(version.reading).diagnostics]


def test_a_revision_gives_what_was_committed(repository: Repository) -> None:
    """The folder as it stands has more."""
    assert _rules(read_version("main", ["policies"])) == ["first"]
    assert _rules(read_version(None, ["policies"])) == ["first", "second"]
    assert read_version("main", ["policies"]).title == f"main ({repository.git('rev-parse', 'HEAD')[:12]})"


def test_a_committed_folder_says_the_same_as_the_folder_did(repository: Repository) -> None:
    """Root and digest included; the places name the revision."""
    (repository.path / "policies/more.yaml").unlink()
    now = load_policies(["policies"])
    then = check_reading(read_version("HEAD", ["policies"]).reading).policies
    assert then is not None
    assert (then.digest, then.settings.root, then.folders) == (now.digest, now.settings.root, now.folders)
    assert then.rules[0].span.file == "HEAD:policies/cleanup.yaml"


def test_a_folder_is_read_wherever_one_stands(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path in the repository comes from the folder, not from the current directory."""
    monkeypatch.chdir(repository.path.parent)
    assert _rules(read_version("main", ["project/policies"])) == ["first"]
    monkeypatch.chdir(repository.path / "policies")
    assert _rules(read_version("main", ["."])) == ["first"]


def test_a_folder_that_only_the_revision_has_is_read(repository: Repository) -> None:
    """Somebody may have moved it since."""
    (repository.path / "policies").rename(repository.path / "rules")
    assert _rules(read_version("main", ["policies"])) == ["first"]


def test_a_bare_repository_is_asked_as_well(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is what a server has."""
    repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    monkeypatch.chdir(tmp_path / "bare.git")
    assert _rules(read_version("main", ["policies"])) == ["first"]


def test_the_environment_of_a_hook_does_not_name_another_repository(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a hook git says where its own repository is."""
    other = make_repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    assert _rules(read_version("main", ["policies"])) == ["first"]


@pytest.mark.parametrize("name", ["feature", "--help", "", "main..HEAD", "main:policies", "nul\0"])
def test_what_names_no_commit_is_a_usage_error(repository: Repository, name: str) -> None:
    """It says what it looked for, and how to get it; a name is never an option of git."""
    with pytest.raises(RevisionError) as caught:
        read_version(name, ["policies"])
    assert caught.value.exit_code is ExitCode.USAGE
    assert str(caught.value).startswith(f"the policies of revision `{name}` cannot be read: ")
    assert "\n  help: " in str(caught.value)


def test_a_folder_outside_every_repository_is_a_usage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says where git looked."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "policies").mkdir()
    with pytest.raises(RevisionError, match=r"git finds no repository at `.*/policies`: not a git repository"):
        read_version("main", [str(tmp_path / "policies")])


def test_without_git_there_is_no_revision(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two folders can be compared all the same."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RevisionError, match="git is not installed"):
        read_version("main", ["policies"])
    assert _rules(read_version("policies", ["policies"])) == ["first", "second"]


def test_a_revision_without_the_folder_is_a_finding(repository: Repository) -> None:
    """As a missing folder is."""
    assert _codes(read_version("main", ["other"])) == [("P001", "there is no policy folder `main:other`")]


def test_a_committed_folder_without_policies_is_a_finding(repository: Repository) -> None:
    """An empty set of rules would look like a careful one."""
    repository.write("empty/README.md", "nothing")
    repository.commit()
    assert _codes(read_version("main", ["empty"])) == [("P003", "the policy folder `main:empty` holds no policy")]


def test_a_committed_link_or_directory_is_a_finding(repository: Repository) -> None:
    """What a reviewer saw in the folder is what is loaded."""
    (repository.path / "policies/link.yaml").symlink_to("cleanup.yaml")
    repository.write("policies/folder.yaml/inner", "x")
    repository.commit()
    assert _codes(read_version("main", ["policies"])) == [
        ("P004", "the policy file is not a regular file"),
        ("P004", "the policy file is a link, and links are not followed"),
    ]


def test_a_committed_file_may_be_too_large_or_no_text(repository: Repository) -> None:
    """It is said as it is of a file in a folder."""
    repository.write("policies/large.yaml", "#" * (LARGEST_FILE + 1))
    (repository.path / "policies/odd.yaml").write_bytes(b"\xff")
    repository.commit()
    assert [code for code, _ in _codes(read_version("main", ["policies"]))] == ["P005", "P101"]


def test_an_object_that_the_clone_lacks_is_named(repository: Repository) -> None:
    """A clone can be cut short, or damaged."""
    object_id = repository.git("rev-parse", "HEAD:policies/cleanup.yaml")
    (repository.path / ".git/objects" / object_id[:2] / object_id[2:]).unlink()
    with pytest.raises(RevisionError, match=r"git f"):
        read_version("main", ["policies"])


def test_what_a_partial_clone_lacks_is_not_fetched(repository: Repository) -> None:
    """The repository would say by which program."""
    trap = repository.path / "trap"
    settings = {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": "ssh://nowhere.invalid/project",
        "remote.origin.promisor": "true",
        "core.sshCommand": f"touch {trap};",
    }
    object_id = repository.git("rev-parse", "HEAD:policies/cleanup.yaml")
    for key, value in settings.items():
        repository.git("config", key, value)
    (repository.path / ".git/objects" / object_id[:2] / object_id[2:]).unlink()
    with pytest.raises(RevisionError, match="git could not read it"):
        read_version("main", ["policies"])
    assert not trap.exists()


def test_a_name_that_is_folder_and_revision_is_refused(repository: Repository) -> None:
    """Nobody should have to guess what was compared."""
    repository.git("branch", "policies")
    with pytest.raises(InvalidValueError, match=r"write `\./policies` or `refs/heads/policies`"):
        read_version("policies", ["policies"])
    assert _rules(read_version("./policies", ["policies"])) == ["first", "second"]
    assert _rules(read_version("refs/heads/policies", ["policies"])) == ["first"]


def test_a_folder_that_no_revision_is_named_after_is_a_folder(repository: Repository, tmp_path: Path) -> None:
    """Its title is its name."""
    assert read_version("policies", ["policies"]).title == "policies"
    assert read_version("policies", ["policies"]).reading == read_policies(["policies"])


def test_nothing_of_a_repository_is_changed_and_none_of_its_programs_run(repository: Repository) -> None:
    """Hooks, filters and monitors are settings of a repository, and it may be anybody's."""
    trap = repository.path / "trap"
    for key in ("core.fsmonitor", "diff.external", "core.pager", "filter.x.smudge", "core.sshCommand"):
        repository.git("config", key, f"touch {trap}")
    repository.write(".gitattributes", "*.yaml filter=x diff=x\n")
    before = _everything(repository.path)
    read_version("main", ["policies"])
    assert _everything(repository.path) == before
    assert not trap.exists()


def _everything(path: Path) -> dict[str, tuple[int, bytes]]:
    found = (Path(folder) / name for folder, _, names in os.walk(path) for name in names)  # noqa: TID251 - a small tree
    return {str(one): (one.stat().st_mtime_ns, one.read_bytes()) for one in found}
