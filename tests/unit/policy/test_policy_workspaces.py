"""Where a job of an id may work, as far as its id alone tells."""

from rules_engine.policy.load import load_texts

LAYOUT = """
version: 1
kind: layout
job_type: {name}
parameters: {{show: {{default: x}}}}
workspace: "{workspace}"
output: "output/{name}/{{job_id}}"
directories: {{temp: {{in: workspace}}}}
"""


def test_a_workspace_is_known_up_to_the_first_part_that_needs_a_parameter() -> None:
    """What a damaged manifest may name reaches as far up as its lost parameters leave open."""
    texts = {
        "plain.yaml": LAYOUT.format(name="plain", workspace="scratch/plain/{job_id}"),
        "shows.yaml": LAYOUT.format(name="shows", workspace="scratch/shows/{show}/{job_id}"),
    }
    assert load_texts(texts).workspaces_of("j1") == ("scratch/plain/j1", "scratch/shows")
