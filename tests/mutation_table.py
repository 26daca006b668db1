"""The mutations: for each property, changes of the code that break it, each with the text that it changes."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Mutation:
    """One change of one file that makes a property false."""

    property: int
    breaks: str
    """What goes wrong with it, in words."""
    file: str
    """From the top of the checkout."""
    before: str
    """The text that is changed; it stands in the file exactly once."""
    after: str


_CODE: Final = "rules_engine"

MUTATIONS: Final = (
    Mutation(
        1,
        "a job gets a directory that its type does not use",
        f"{_CODE}/plan/layouts.py",
        "for path in (record.workspace, record.output, *map(parent, links)):",
        'for path in (record.workspace, join(record.output, "long"), record.output, *map(parent, links)):',
    ),
    Mutation(
        1,
        "a directory that the type needs is not made",
        f"{_CODE}/plan/layouts.py",
        "    for directory in layout.directories:\n        path = directory_path(directory, record)",
        "    for directory in layout.directories[1:]:\n        path = directory_path(directory, record)",
    ),
    Mutation(
        1,
        "every directory is said to be created",
        f"{_CODE}/jobs/directories.py",
        "return layout_of(current(self._policies), job_type).directory(DirectoryType(dir_type)) is not None",
        "return bool(layout_of(current(self._policies), job_type) and dir_type)",
    ),
    Mutation(
        2,
        "temporary files of a good job stay for ever",
        f"{_CODE}/plan/decide.py",
        "return () if whole else ((rule, MATCHED),)",
        "return ()",
    ),
    Mutation(
        2,
        "deliverables go like temporary files",
        f"{_CODE}/plan/select.py",
        "if rule.is_removal and subject.deliverable and not rule.deliverables:",
        "if False:",
    ),
    Mutation(
        2,
        "the end of a job cleans nothing",
        f"{_CODE}/jobs/finishing.py",
        "if self.policies.settings.at_finish is AtFinish.DUE:",
        "if False:",
    ),
    Mutation(
        3,
        "the failure shield is down",
        f"{_CODE}/plan/ages.py",
        "after.append((settings.cleanup.preserve_on_failure, SHIELD))",
        "after.append((Duration(0), SHIELD))",
    ),
    Mutation(
        3,
        "a job that died counts as a good one",
        f"{_CODE}/values/vocabulary.py",
        "return JobStatus.FAILED if self is JobStatus.ABANDONED else self",
        "return JobStatus.COMPLETED if self is JobStatus.ABANDONED else self",
    ),
    Mutation(
        4,
        "a directory is named after the type of its job",
        f"{_CODE}/plan/layouts.py",
        "return join(base, directory.name)",
        'return join(base, f"{record.job_type}_{directory.name}")',
    ),
    Mutation(
        4,
        "a directory is named after its job",
        f"{_CODE}/plan/layouts.py",
        "return join(base, directory.name)",
        'return join(base, f"{directory.name}_{record.job_id}")',
    ),
    Mutation(
        5,
        "a directory is made before the manifest",
        f"{_CODE}/jobs/lifecycle.py",
        "    begun = store.begin(request)",
        "    top = request.workspace.partition('/')[0]\n"
        "    root.directory.stat(top) or root.directory.make_directory(top)\n"
        "    begun = store.begin(request)",
    ),
    Mutation(
        5,
        "what is taken back stays in the manifest",
        f"{_CODE}/jobs/tracker.py",
        "self._store.remove(job_id, [relative_path(self._root, path)])",
        "relative_path(self._root, path)",
    ),
    Mutation(
        5,
        "declared files are not written down",
        f"{_CODE}/jobs/tracker.py",
        "self._store.add_files(job_id, (file,), workspaces_above=self._workspaces_above())",
        "self._workspaces_above()",
    ),
    Mutation(
        5,
        "cleanup knows a job's files by their place alone",
        f"{_CODE}/plan/owners.py",
        "naming = tuple(job for job in self._naming if file.name in job.files[file.directory])",
        "naming: tuple[JobRecord, ...] = ()",
    ),
    Mutation(
        6,
        "cleanup that is turned off goes on",
        f"{_CODE}/plan/decide.py",
        "if not settings.cleanup.enabled:",
        "if False:",
    ),
    Mutation(
        6,
        "debug mode turns nothing off",
        f"{_CODE}/plan/decide.py",
        "if settings.debug and (",
        "if False and (",
    ),
    Mutation(
        6,
        "a job's own selection of file types is ignored",
        f"{_CODE}/plan/decide.py",
        "if own is not None and _leaves_out(own.file_types, subject.file_type):",
        "if False:",
    ),
    Mutation(
        6,
        "the selection of file types is ignored",
        f"{_CODE}/plan/decide.py",
        "if _leaves_out(policies.settings.cleanup.file_types, subject.file_type):",
        "if False:",
    ),
    Mutation(
        6,
        "a job's own policy cannot turn cleanup off",
        f"{_CODE}/plan/decide.py",
        "if own is not None and not own.enabled:",
        "if False:",
    ),
    Mutation(
        6,
        "keep rules keep nothing",
        f"{_CODE}/plan/decide.py",
        "kept = _keep_rules(said.keep) or cleanup_off(subject.owner, policies)",
        "kept = cleanup_off(subject.owner, policies)",
    ),
    Mutation(
        7,
        "manual cleanup stops where automatic cleanup is turned off",
        f"{_CODE}/policy/built_in.py",
        "cleanup = replace(policies.settings.cleanup, enabled=True, file_types=None)",
        "cleanup = replace(policies.settings.cleanup, file_types=None)",
    ),
    Mutation(
        7,
        "manual cleanup stops in debug mode",
        f"{_CODE}/policy/built_in.py",
        "settings = replace(policies.settings, debug=False, cleanup=cleanup)",
        "settings = replace(policies.settings, cleanup=cleanup)",
    ),
    Mutation(
        7,
        "a dry run removes",
        f"{_CODE}/jobs/cleaning.py",
        "        if self.cleaning.dry_run:\n            self._foresee(plan)",
        "        if self.cleaning.dry_run and not plan.trailer.steps:\n            self._foresee(plan)",
    ),
    Mutation(
        8,
        "what could not be removed is not logged",
        f"{_CODE}/jobs/cleaning.py",
        'logger.warning("cleanup: `%s` could not be removed: %s", escape(str(path)), cause)',
        'logger.debug("cleanup: `%s` could not be removed: %s", escape(str(path)), cause)',
    ),
    Mutation(
        8,
        "a failure is told as if the file were kept on purpose",
        f"{_CODE}/jobs/cleaning.py",
        "where = self.result.failed if noted.outcome is Outcome.FAILED else self.result.kept",
        "where = self.result.kept",
    ),
    Mutation(
        9,
        "what is not due goes",
        f"{_CODE}/plan/decide.py",
        "if seen.now < last.until:",
        "if False:",
    ),
    Mutation(
        9,
        "the retention of a job's own policy is ignored",
        f"{_CODE}/plan/ages.py",
        'after.append((own.retention, "retention of the job\'s own policy"))',
        'after.append((Duration(0), "retention of the job\'s own policy"))',
    ),
    Mutation(
        9,
        "cleanup by age does not wait for the retention",
        f"{_CODE}/policy/built_in.py",
        "wait = Duration(max(age, policies.settings.cleanup.retention))",
        "wait = age",
    ),
    Mutation(
        10,
        "deliverables do not lie in the directory of their type",
        f"{_CODE}/jobs/publishing.py",
        "return join(directory_path(holder, running.record), checked)",
        "return join(running.record.output, checked)",
    ),
    Mutation(
        10,
        "deliverables keep the names that they had in the scratch",
        f"{_CODE}/jobs/publishing.py",
        "    if template is not None:\n        suffix",
        "    if template is None:\n        suffix",
    ),
    Mutation(
        10,
        "a second deliverable takes the place of the first",
        f"{_CODE}/jobs/publishing.py",
        "if existing is Existing.REFUSE:",
        "if False:",
    ),
    Mutation(
        11,
        "a job goes on standing under the status that it had",
        f"{_CODE}/plan/layouts.py",
        "return (*batches, *_link_batches(gone, before, StepAction.REMOVE_LINK))",
        "return batches",
    ),
    Mutation(
        11,
        "the status leads to the workspace, which goes",
        f"{_CODE}/plan/layouts.py",
        "made = {after.status_link: after.output}",
        "made = {after.status_link: after.workspace}",
    ),
    Mutation(
        12,
        "the old paths lead nowhere",
        f"{_CODE}/plan/layouts.py",
        "links[path] = directory_path(directory, record)",
        "links[path] = record.workspace",
    ),
    Mutation(
        12,
        "scratch lies among the deliverables",
        f"{_CODE}/plan/layouts.py",
        "base = record.workspace if directory.place is Place.WORKSPACE else record.output",
        "base = record.output",
    ),
    Mutation(
        12,
        "a name that readers look for has another index",
        f"{_CODE}/policy/templates.py",
        "return format(value, form)",
        "return format(value + 1, form)",
    ),
)
"""Of every property at least one."""
