"""Laws of the names under which the directories of a job are found."""

from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.jobs.aliases import resolve_alias
from rules_engine.jobs.starting import request_for
from rules_engine.manifest.model import JobRecord
from rules_engine.policy.load import load_policies
from rules_engine.policy.shipped import shipped_folder
from rules_engine.values.paths import RelPath, join
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import JobStatus, Place

POLICIES = load_policies([shipped_folder()])
VALUES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda text: text not in {".", "..", ".rules"}
)
PARAMETERS = st.fixed_dictionaries({}, optional={"series": VALUES, "episode": VALUES, "language": VALUES})
NAMES = st.lists(VALUES, max_size=2)


def _nobody() -> list[JobRecord]:
    """No alias that ships needs a job to be understood."""
    raise AssertionError


@given(st.sampled_from(sorted(POLICIES.layouts)), PARAMETERS, NAMES)
@settings(max_examples=200, deadline=None)
def test_an_alias_leads_back_to_what_its_link_points_at(
    job_type: str, given_: dict[str, str], names: list[str]
) -> None:
    """Whatever series, episode and language are called, for the directory and for all below it; and only once."""
    layout = next(one for key, one in POLICIES.layouts.items() if key == job_type)
    request = request_for(layout, "clip-1", given_)
    record = JobRecord(
        request.job_id,
        request.job_type,
        JobStatus.RUNNING,
        Instant(0),
        request.workspace,
        request.output,
        aliases=request.aliases,
    )
    for alias, old in zip(layout.aliases, record.aliases, strict=True):
        held = layout.directory(alias.directory)
        assert held is not None
        top = record.output if held.place is Place.OUTPUT else record.workspace
        real = join(top, held.name)
        assert resolve_alias(RelPath("/".join((old, *names))), POLICIES, _nobody) == "/".join((real, *names))
        assert resolve_alias(real, POLICIES, _nobody) == real
