"""A git repository as it is asked about one commit; git only ever reads, and runs no program of the repository."""

import os
import re
import subprocess
from dataclasses import dataclass
from typing import Final

from rules_engine.errors import ExitCode, RulesError

_GIT: Final = (
    "git",
    "--no-pager",
    # What a repository may name to be run: a hook, and the monitor of its files.
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
)
_ENVIRONMENT: Final = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # What a clone lacks git would fetch, by programs that the repository may name; an older git knows the second alone.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}
# Within a hook they name another repository than the one that the folder lies in.
_OF_A_HOOK: Final = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})
_OBJECT: Final = re.compile(r"[0-9a-f]{40,64}")


class RevisionError(RulesError):
    """Policies of a git revision cannot be had: there is no git, no repository, or no such revision."""

    exit_code = ExitCode.USAGE

    def __init__(self, revision: str, why: str, help_text: str) -> None:
        super().__init__(revision, why, help_text)
        self.revision = revision
        self.why = why
        self.help_text = help_text

    def __str__(self) -> str:
        return f"the policies of revision `{self.revision}` cannot be read: {self.why}\n  help: {self.help_text}"


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a folder as a commit has it."""

    name: str
    is_file: bool
    is_link: bool
    object_id: str
    size: int


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository that a directory lies in; `inside` is where in it."""

    directory: str
    inside: str
    """The path of the directory below the top of the repository, ending in `/`; empty at the top."""

    def find_commit(self, revision: str) -> str | None:
        """The id of the commit that `revision` names; None where it names none, or more than one."""
        # The peel operator also refuses what is no commit; a name that begins with `-` stays a name.
        done = _run(
            revision, self.directory, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
        found = done.stdout.decode("ascii", "replace").strip()
        return found if done.returncode == 0 and _OBJECT.fullmatch(found) else None

    def folder(self, commit: str, below: str) -> tuple[TreeEntry, ...] | None:
        """What the folder `below` the directory holds in that commit, by name; None where there is no such folder."""
        path = os.path.normpath(f"{self.inside}{below}")
        tree = f"{commit}:{'' if path == '.' else path}"
        done = _run(commit, self.directory, "ls-tree", "-z", "-l", "--full-tree", tree)
        if done.returncode != 0:
            return None
        entries = (_entry(line) for line in done.stdout.split(b"\0") if line)
        return tuple(sorted(entries, key=lambda one: one.name))

    def read(self, entry: TreeEntry) -> bytes:
        """What a file holds, as it was committed: no filter of the repository is applied."""
        return _run(entry.name, self.directory, "cat-file", "blob", entry.object_id, check=True).stdout


def repository_of(folder: str, revision: str) -> tuple[Repository, str]:
    """The repository that `folder` lies in or would lie in, and the path of the folder from where it is asked.

    Raises:
        RevisionError: when git is missing, or no repository is there.
    """
    directory = os.path.abspath(folder)
    while not os.path.isdir(directory):
        # The folder may be there in the revision alone.
        directory = os.path.dirname(directory)
    done = _run(revision, directory, "rev-parse", "--show-prefix")
    if done.returncode != 0:
        help_text = "run it inside a clone of the policies, or compare two folders: `rules diff OLD NEW`"
        raise RevisionError(revision, f"git finds no repository at `{directory}`: {_said(done)}", help_text)
    inside = os.fsdecode(done.stdout.removesuffix(b"\n"))
    return Repository(directory, inside), os.path.relpath(os.path.abspath(folder), directory)


def _run(about: str, directory: str, *arguments: str, check: bool = False) -> subprocess.CompletedProcess[bytes]:
    kept = {key: value for key, value in os.environ.items() if key not in _OF_A_HOOK}
    try:
        done = subprocess.run(
            [*_GIT, "-C", directory, *arguments],
            env=kept | _ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except (FileNotFoundError, ValueError) as err:
        # A NUL in a name cannot be handed to any program.
        why = "git is not installed" if isinstance(err, FileNotFoundError) else "no revision has such a name"
        raise RevisionError(about, why, "install git, or compare two folders: `rules diff OLD NEW`") from err
    if check and done.returncode != 0:
        help_text = "fetch what the clone lacks with `git fetch`, or see what `git fsck` finds"
        raise RevisionError(about, f"git could not read it: {_said(done)}", help_text)
    return done


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    """What git said it died of, else its first line."""
    lines = done.stderr.decode("utf-8", "surrogateescape").strip().splitlines()
    fatal = [line.removeprefix("fatal: ") for line in lines if line.startswith("fatal: ")]
    return next(iter((*fatal, *lines)), f"it ended with {done.returncode}")


def _entry(line: bytes) -> TreeEntry:
    """An entry as `ls-tree -l` writes it: mode, type, id and size, then a tab and the name."""
    fields, name = line.split(b"\t", 1)
    mode, kind, object_id, size = fields.decode("ascii").split()
    is_link = mode == "120000"
    # Of an object that a clone lacks git knows no size; reading it says so.
    known = int(size) if size.isdigit() else 0
    return TreeEntry(os.fsdecode(name), kind == "blob" and not is_link, is_link, object_id, known)
