import pickle

import pytest
from job_world import PLAIN, LaterClock, tree

from rules_engine.errors import ExitCode, InvalidValueError
from rules_engine.filesystem.root import Root
from rules_engine.jobs.lifecycle import start
from rules_engine.jobs.starting import NoLayoutError
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet


def test_a_type_without_a_layout_is_named_with_the_near_miss(
    root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """Or with what there is."""
    with pytest.raises(NoLayoutError) as caught:
        start(root, policies, clock, "shortform")
    assert str(caught.value) == "no layout has the job type `shortform`\n  help: did you mean `short_form`?"
    assert caught.value.exit_code is ExitCode.USAGE
    assert str(NoLayoutError("x", ("plain", "other"))) == (
        "no layout has the job type `x`\n  help: there are: plain, other"
    )
    assert str(NoLayoutError("x", ())).endswith("there are: none")
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert str(again) == str(caught.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "parameter `language` of layout `short_form` has no default; give it a value"),
        (
            {"language": "ko", "serie": "x"},
            "parameter `serie` is none of layout `short_form`; did you mean `series`?",
        ),
        (
            {"language": "ko", "zzz": "x"},
            "parameter `zzz` is none of layout `short_form`; it has: series, episode, language",
        ),
        ({"language": "../x"}, "value of parameter `language` `../x` is not one path component"),
        ({"language": ".."}, "value of parameter `language` `..` is not one path component"),
        ({"language": ""}, "value of parameter `language` `` is not one path component"),
        ({"language": ".rules"}, "value of parameter `language` `.rules` is not one path component"),
        (
            {"language": "x" * 256},
            f"value of parameter `language` `{'x' * 256}` is longer than 255 bytes",
        ),
    ],
)
def test_a_parameter_that_cannot_be_one_is_refused(
    root: Root, policies: PolicySet, clock: LaterClock, given: dict[str, str], message: str
) -> None:
    """Nothing is mended silently, and nothing is made."""
    with pytest.raises(InvalidValueError) as caught:
        start(root, policies, clock, "short_form", job_id="j", parameters=given)
    assert str(caught.value) == message
    assert tree(root) == []


def test_a_path_into_the_state_is_refused(root: Root, clock: LaterClock) -> None:
    """Also where only a whole template makes it."""
    text = PLAIN.replace('"plain/{job_id}"', '"plain/.{part}/{job_id}"').replace(
        "workspace", "parameters: {part: {default: rules}}\nworkspace", 1
    )
    with pytest.raises(InvalidValueError, match=r"leads into `.rules`, the state of a root"):
        start(root, load_texts({"p.yaml": text}), clock, "plain", job_id="j")
