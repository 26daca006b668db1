"""What a command that works for a job finds in its environment."""

from rules_engine.filesystem.root import Root
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.layouts import directory_path
from rules_engine.policy.model import PolicySet


def environment_of(root: Root, policies: PolicySet, record: JobRecord) -> dict[str, str]:
    """The variables of one job by name; temporary files go where the layout puts what nobody named."""
    layout = policies.layouts.get(record.job_type)
    scratch = layout.catch_all() if layout is not None else None
    temporary = directory_path(scratch, record) if scratch is not None else record.workspace
    return {
        "RULES_JOB_ID": record.job_id,
        "RULES_WORKSPACE": f"{root.path}/{record.workspace}",
        "RULES_OUTPUT": f"{root.path}/{record.output}",
        "TMPDIR": f"{root.path}/{temporary}",
    }
