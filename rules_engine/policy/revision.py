"""Policies as a git revision has them, and which of the two, folder or revision, a name means."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rules_engine.errors import InvalidValueError
from rules_engine.policy.findings import Findings
from rules_engine.policy.load import Reading, read_policies
from rules_engine.policy.repository import Repository, RevisionError, TreeEntry, repository_of
from rules_engine.policy.sources import Source, is_policy
from rules_engine.policy.yamltext import LARGEST_FILE, decode
from rules_engine.values.diagnostics import Span

_SHORT: Final = 12
_OF_A_PATH: Final = (".", "/", "~")


@dataclass(frozen=True, slots=True)
class Version:
    """One of the two versions of policies that are compared."""

    title: str
    """As people name it: the folders, or the revision with its commit."""
    reading: Reading


def read_version(name: str | None, folders: Sequence[str]) -> Version:
    """The policies of the folder `name`, or else of `folders` in the git revision `name`; None: `folders` as they are.

    Raises:
        RevisionError: when git, a repository or the revision is missing.
        InvalidValueError: when the name means both a folder and a revision.
    """
    if name is None:
        return Version(" ".join(folders), read_policies(folders))
    if os.path.isdir(name):
        _check_only_a_folder(name, folders)
        return Version(name, read_policies([name]))
    return _read_revision(name, folders)


def _check_only_a_folder(name: str, folders: Sequence[str]) -> None:
    """Refuse a name that is a revision as well: whoever reads the answer must know what was compared."""
    if name.startswith(_OF_A_PATH) or name.endswith("/"):
        return
    try:
        repository, _ = repository_of(folders[0], name)
        is_revision = repository.find_commit(name) is not None
    except RevisionError:
        return
    if is_revision:
        raise InvalidValueError(
            "policies", name, f"is a folder and a git revision; write `./{name}` or `refs/heads/{name}`"
        )


def _read_revision(revision: str, folders: Sequence[str]) -> Version:
    findings, sources, commits = Findings(), list[Source](), dict[str, None]()
    for folder in folders:
        repository, below = repository_of(folder, revision)
        commit = repository.find_commit(revision)
        if commit is None:
            why = f"it is no folder, and no commit in the repository of `{folder}`"
            help_text = (
                f"name a branch, a tag or a commit; a clone that lacks it gets it by `git fetch origin {revision}`"
            )
            raise RevisionError(revision, why, help_text)
        commits[commit[:_SHORT]] = None
        sources += _read_folder(repository, commit, _Place(revision, folder, below), findings)
    reading = Reading(tuple(map(os.path.abspath, folders)), tuple(sources), findings.in_order())
    return Version(f"{revision} ({', '.join(commits)})", reading)


@dataclass(frozen=True, slots=True)
class _Place:
    """A policy folder in a revision."""

    revision: str
    folder: str
    below: str

    @property
    def title(self) -> str:
        return f"{self.revision}:{os.path.normpath(self.folder)}"


def _read_folder(repository: Repository, commit: str, place: _Place, findings: Findings) -> list[Source]:
    entries = repository.folder(commit, place.below)
    if entries is None:
        message = f"there is no policy folder `{place.title}`"
        findings.error(
            "P001", message, None, "name a revision that has it, or give another folder with `--policies DIR`"
        )
        return []
    policies = [entry for entry in entries if is_policy(entry.name)]
    if not policies:
        message = f"the policy folder `{place.title}` holds no policy"
        findings.error("P003", message, None, "name a revision in which `*.yaml` files lie directly in it")
    found: list[Source] = []
    for entry in policies:
        file = f"{place.title}/{entry.name}"
        text = _read_file(repository, entry, file, findings)
        if text is not None:
            # A root is named from the directory that holds the folder: the same one for both versions.
            found.append(Source(file, os.path.abspath(place.folder), text))
    return found


def _read_file(repository: Repository, entry: TreeEntry, file: str, findings: Findings) -> str | None:
    span = Span(file, 1, 1, 1, 1)
    if not entry.is_file:
        what = "is a link, and links are not followed" if entry.is_link else "is not a regular file"
        findings.error("P004", f"the policy file {what}", span, "commit a regular file in its place")
        return None
    # More is not read at all: a revision may hold anything.
    raw = repository.read(entry) if entry.size <= LARGEST_FILE else bytes(LARGEST_FILE + 1)
    return decode(file, raw, findings)
