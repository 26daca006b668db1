from pathlib import Path

import pytest
from job_world import PLAIN, LaterClock, apply_due

from rules_engine.apply.applied import ORDER, read_applications, record_applied
from rules_engine.apply.applying import apply_plan
from rules_engine.errors import RefusedError, UntrustedStateError
from rules_engine.filesystem.root import Root
from rules_engine.jobs.applied import applied_sets, last_applied
from rules_engine.jobs.planning import survey
from rules_engine.manifest.lines import close_line, open_line
from rules_engine.policy.load import load_policies, load_texts
from rules_engine.policy.model import PolicySet

STRAYS = """
version: 1
kind: cleanup
rules:
  - {name: strays, files: {match: ["temp_*"], tracked: false}, after: 0s, action: delete}
"""
KEEP = """
version: 1
kind: cleanup
rules:
  - {name: heroes, files: {match: ["hero*"]}, action: keep}
"""


def first() -> PolicySet:
    """A layout and one removal rule."""
    return load_texts({"policies/plain.yaml": PLAIN, "policies/strays.yaml": STRAYS})


def second() -> PolicySet:
    """The same and a keep rule."""
    return load_texts({"policies/plain.yaml": PLAIN, "policies/strays.yaml": STRAYS, "more/keep.yaml": KEEP})


def remove_one(root: Root, policies: PolicySet, clock: LaterClock) -> str:
    """Apply the policies to one stray file; the id of the run."""
    (Path(root.path) / "temp_x").write_bytes(b"1")
    return apply_due(root, policies, clock).run_id


def stored(root: Root) -> list[str]:
    """The names of the stored sets."""
    return sorted(path.name for path in (Path(root.path) / ".rules/policies").iterdir() if path.name != ORDER)


def test_a_set_that_removes_something_can_be_read_again(root: Root, clock: LaterClock) -> None:
    """With all that it says, from its texts alone."""
    policies = second()
    run_id = remove_one(root, policies, clock)
    found = last_applied(root)
    assert found is not None
    assert (found.digest, found.rules, found.layouts) == (policies.digest, policies.rules, policies.layouts)
    assert found.folders == policies.folders
    (line,) = read_applications(root.require_state())
    assert (line.seq, line.digest, line.run_id) == (1, policies.digest, run_id)


def test_a_set_that_removes_nothing_is_noted(root: Root, clock: LaterClock) -> None:
    """What it keeps was relied on from that night on, also where nothing was due."""
    assert applied_sets(root) == ()
    apply_due(root, first(), clock)
    found = last_applied(root)
    assert found is not None
    assert found.digest == first().digest


def test_each_set_is_stored_once_and_the_order_is_kept(root: Root, clock: LaterClock) -> None:
    """Going back to an earlier set makes it the last one again, without a second copy."""
    for policies in (first(), first(), second(), first()):
        remove_one(root, policies, clock)
    assert [one.digest for one in read_applications(root.require_state())] == [
        first().digest,
        second().digest,
        first().digest,
    ]
    assert stored(root) == sorted([f"{first().digest}.json", f"{second().digest}.json"])
    assert [one.digest for one in applied_sets(root)] == [second().digest, first().digest]
    assert dict(applied_sets(root)[0].sources) == dict(second().sources)


def test_a_set_that_came_from_no_text_is_not_noted(root: Root, clock: LaterClock) -> None:
    """It could not be read again."""
    built = PolicySet(rules=first().rules, digest="0" * 64)
    remove_one(root, built, clock)
    assert read_applications(root.require_state()) == ()


def test_trusting_the_policies_of_a_plan_notes_nothing(root: Root, clock: LaterClock) -> None:
    """A host without policies has no texts to store."""
    (Path(root.path) / "temp_x").write_bytes(b"1")
    plan = survey(first(), root, clock).plan(clock.now())
    apply_plan(plan, root, policies=None, clock=clock)
    assert not (Path(root.path) / "temp_x").exists()
    assert last_applied(root) is None


def test_a_folder_of_the_current_directory_is_told_from_one_named_policies(
    tmp_path: Path, root: Root, clock: LaterClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each may hold settings of its own, and the later one wins again."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policies").mkdir()
    (tmp_path / "rules.yaml").write_text(STRAYS)
    for folder, keep in ((".", "1d"), ("policies", "2d")):
        (tmp_path / folder / "settings.yaml").write_text(f"version: 1\nkind: settings\ntrash: {{keep: {keep}}}\n")
    policies = load_policies([".", "policies"])
    remove_one(root, policies, clock)
    found = last_applied(root)
    assert found is not None
    assert (found.digest, found.settings.trash_keep) == (policies.digest, policies.settings.trash_keep)
    assert found.folders == (str(tmp_path), str(tmp_path / "policies"))


def test_the_root_of_stored_settings_is_not_believed(root: Root, clock: LaterClock) -> None:
    """It was said relative to a folder that may be gone; whoever asks has the root already."""
    settings = "version: 1\nkind: settings\nroot: media\n"
    remove_one(root, load_texts({"policies/strays.yaml": STRAYS, "policies/settings.yaml": settings}), clock)
    found = last_applied(root)
    assert found is not None
    assert found.settings.root is None


def test_what_is_set_in_the_environment_holds_for_a_stored_set_too(root: Root, clock: LaterClock) -> None:
    """As for one that is loaded from a folder."""
    remove_one(root, first(), clock)
    found = last_applied(root, environment={"RULES_DEBUG": "1"})
    assert found is not None
    assert found.settings.debug


def test_a_directory_that_is_no_root_has_no_applied_set(tmp_path: Path) -> None:
    """There is no state to read it from."""
    with Root.open(str(tmp_path)) as nothing:
        assert last_applied(nothing) is None
        assert applied_sets(nothing) == ()


def test_a_torn_last_line_is_left_out_and_written_over(root: Root, clock: LaterClock) -> None:
    """A writer was killed; the next one goes on after the last whole line."""
    remove_one(root, first(), clock)
    order = Path(root.path) / ".rules/policies" / ORDER
    whole = order.read_bytes()
    order.write_bytes(whole + b'{"seq":2,"at":1,"dig')
    assert [one.seq for one in read_applications(root.require_state())] == [1]
    remove_one(root, second(), clock)
    assert order.read_bytes().startswith(whole)
    assert [one.seq for one in read_applications(root.require_state())] == [1, 2]


@pytest.mark.parametrize("damage", [b"{}", b'{"other":1}\n{}\n', b"\0\0\0", close_line(b'{"other":1}')])
def test_a_damaged_set_is_never_taken_for_another(root: Root, clock: LaterClock, damage: bytes) -> None:
    """The state cannot be trusted, and the help says what to do."""
    remove_one(root, first(), clock)
    (Path(root.path) / ".rules/policies" / f"{first().digest}.json").write_bytes(damage)
    with pytest.raises(UntrustedStateError, match="is damaged"):
        last_applied(root)


def test_a_missing_set_is_a_damage_too(root: Root, clock: LaterClock) -> None:
    """The order names it, so it was there."""
    remove_one(root, first(), clock)
    (Path(root.path) / ".rules/policies" / f"{first().digest}.json").unlink()
    with pytest.raises(UntrustedStateError, match="cannot be read: No such file or directory"):
        last_applied(root)


def test_a_damaged_line_of_the_order_stops_an_apply(root: Root, clock: LaterClock) -> None:
    """Whole lines stand behind it: it is lost, not torn, and nothing is removed."""
    remove_one(root, first(), clock)
    remove_one(root, second(), clock)
    order = Path(root.path) / ".rules/policies" / ORDER
    order.write_bytes(b"x" + order.read_bytes()[1:])
    with pytest.raises(UntrustedStateError, match="has a damaged line after line 0"):
        read_applications(root.require_state())
    with pytest.raises(UntrustedStateError, match="has a damaged line after line 0"):
        remove_one(root, first(), clock)
    assert (Path(root.path) / "temp_x").exists()


def test_a_line_of_something_else_is_no_line_of_the_order(root: Root, clock: LaterClock) -> None:
    """Its check holds, and it names no set."""
    remove_one(root, first(), clock)
    order = Path(root.path) / ".rules/policies" / ORDER
    order.write_bytes(order.read_bytes() + close_line(b'{"other":1}'))
    with pytest.raises(UntrustedStateError, match="has a damaged line after line 1"):
        last_applied(root)


def test_an_order_that_cannot_be_read_is_never_an_empty_one(root: Root, clock: LaterClock) -> None:
    """A directory stands in its place."""
    order = Path(root.path) / ".rules/policies" / ORDER
    order.mkdir(parents=True)
    with pytest.raises(UntrustedStateError, match="cannot be read"):
        last_applied(root)


def test_policies_that_cannot_be_noted_stop_an_apply_before_its_first_step(root: Root, clock: LaterClock) -> None:
    """Else a later run could not know what was protected until now."""
    (Path(root.path) / "temp_x").write_bytes(b"1")
    plan = survey(first(), root, clock).plan(clock.now()).collected()
    (Path(root.path) / ".rules/policies").write_text("in the way")
    with pytest.raises(UntrustedStateError, match=r"`\.rules/policies` is a file and no directory"):
        apply_plan(plan, root, policies=first(), clock=clock)
    assert (Path(root.path) / "temp_x").exists()
    with pytest.raises(RefusedError, match=r"cannot be noted in `\.rules/policies`: Not a directory"):
        record_applied(root.require_state(), first(), "0" * 16, clock.now())


def test_a_record_of_policies_that_cannot_be_read_stops_planning(root: Root, clock: LaterClock) -> None:
    """What earlier policies keep is not known, so nothing can be decided."""
    (Path(root.path) / ".rules/policies").write_text("in the way")
    with pytest.raises(UntrustedStateError, match=r"`\.rules/policies` cannot be read: Not a directory"):
        survey(first(), root, clock)


def test_an_area_without_an_order_tells_of_no_set(root: Root) -> None:
    """A writer was killed before its first line."""
    (Path(root.path) / ".rules/policies").mkdir()
    assert last_applied(root) is None


def test_a_set_that_this_version_cannot_load_is_not_guessed_at(root: Root, clock: LaterClock) -> None:
    """The place and the first problem are named; a folder given by hand is the way out."""
    strange = PolicySet(digest="0" * 64, sources={"policies/new.yaml": "version: 1\nkind: horoscope\n"})
    record_applied(root.require_state(), strange, "run", clock.now())
    with pytest.raises(UntrustedStateError) as caught:
        last_applied(root)
    assert str(caught.value).startswith(
        f"the state cannot be trusted: `.rules/policies/{'0' * 64}.json` cannot be loaded by this version: "
        "policies/new.yaml:2:7: "
    )
    assert str(caught.value).endswith("help: give a policy folder with `--policies`")


def test_a_set_of_a_later_format_is_refused(root: Root, clock: LaterClock) -> None:
    """Its check holds, and what it means is not known."""
    remove_one(root, first(), clock)
    path = Path(root.path) / ".rules/policies" / f"{first().digest}.json"
    body = open_line(path.read_bytes())
    assert body is not None
    path.write_bytes(close_line(body.replace(b'"format_version":"1.0"', b'"format_version":"2.0"')))
    with pytest.raises(UntrustedStateError, match="is of a format this version does not know"):
        last_applied(root)
