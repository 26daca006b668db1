"""Which files of a policy folder are read, and what is said about those that are not files."""

import os
from pathlib import Path

import pytest
from other_users import IS_ROOT, NOBODY, ordinary_user

from rules_engine.policy.load import PolicyError, check_folders, load_policies
from rules_engine.policy.yamltext import LARGEST_FILE

KEEP = "version: 1\nkind: cleanup\nrules:\n  - {name: NAME, action: keep}\n"


def _write(folder: Path, **rules: str) -> None:
    folder.mkdir(exist_ok=True)
    for file, name in rules.items():
        (folder / f"{file}.yaml").write_text(KEEP.replace("NAME", name))


def _codes(*folders: Path) -> list[tuple[str, str]]:
    return [(one.code, one.message) for one in check_folders([str(one) for one in folders]).diagnostics]


def test_yaml_files_directly_in_a_folder_are_read_and_nothing_else(tmp_path: Path) -> None:
    """Sub-folders, cases, hidden files and other endings are left alone."""
    _write(tmp_path, one="one")
    (tmp_path / "two.yml").write_text(KEEP.replace("NAME", "two"))
    for name in ("three.cases.yaml", ".four.yaml", "five.txt", "six.yaml~"):
        (tmp_path / name).write_text("not a policy: [")
    _write(tmp_path / "legacy", seven="seven")
    assert [rule.name for rule in load_policies([str(tmp_path)]).rules] == ["one", "two"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """The message names the folder as it was given."""
    missing = tmp_path / "policies"
    assert _codes(missing) == [("P001", f"there is no policy folder `{missing}`")]


def test_no_folder_at_all_is_an_error() -> None:
    """Without a folder nothing is loaded, and not everything is removed."""
    assert _codes() == [("P001", "no policy folder is given")]


def test_a_file_in_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    """A policy file cannot be given as the folder."""
    (tmp_path / "x.yaml").write_text("version: 1\n")
    assert _codes(tmp_path / "x.yaml") == [
        ("P002", f"the policy folder `{tmp_path}/x.yaml` cannot be read: not a directory")
    ]


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    """No policy is not a policy that allows everything."""
    assert _codes(tmp_path) == [("P003", f"the policy folder `{tmp_path}` holds no policy")]


def test_a_folder_that_is_given_twice_is_an_error(tmp_path: Path) -> None:
    """Every rule would be there twice, also through a link."""
    _write(tmp_path / "policies", one="one")
    (tmp_path / "link").symlink_to("policies")
    assert [code for code, _ in _codes(tmp_path / "policies", tmp_path / "link")] == ["P007"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """A policy file that is a link is refused, whatever it points to."""
    _write(tmp_path / "elsewhere", one="one")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "one.yaml").symlink_to("../elsewhere/one.yaml")
    assert _codes(tmp_path / "policies") == [("P004", "the policy file is a link, and links are not followed")]


@pytest.mark.timeout(10)
def test_a_fifo_and_a_directory_are_refused_without_waiting(tmp_path: Path) -> None:
    """Opening a FIFO for reading would wait for a writer that never comes."""
    os.mkfifo(tmp_path / "a.yaml")
    (tmp_path / "b.yaml").mkdir()
    assert _codes(tmp_path) == [("P004", "the policy file is not a regular file")] * 2


def test_a_file_that_vanishes_or_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    """A socket cannot be opened at all."""
    import socket  # noqa: PLC0415 - only here

    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "a.yaml"))
        assert _codes(tmp_path) == [("P006", "the policy file cannot be read: no such device or address")]


def test_a_file_over_the_cap_is_refused(tmp_path: Path) -> None:
    """A megabyte and one byte is not read as a policy."""
    (tmp_path / "a.yaml").write_bytes(b"#" * (LARGEST_FILE + 1))
    assert _codes(tmp_path) == [("P005", "the file has more than 1000000 bytes")]


def test_a_file_that_is_not_utf8_is_refused_at_its_byte(tmp_path: Path) -> None:
    """The place of the first wrong byte is shown."""
    (tmp_path / "a.yaml").write_bytes(b"version: 1\nkind: caf\xe9\n")
    checked = check_folders([str(tmp_path)])
    assert str(checked.diagnostics[0].span) == f"{tmp_path}/a.yaml:2:10"
    assert checked.diagnostics[0].message == "the file is not UTF-8: byte 0xe9 cannot stand here"


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    """An editor that writes one does not break the policy."""
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbf" + KEEP.replace("NAME", "one").encode())
    assert [rule.name for rule in load_policies([str(tmp_path)]).rules] == ["one"]


def test_unreadable_files_and_wrong_syntax_are_reported_together(tmp_path: Path) -> None:
    """Both belong to the first stage."""
    (tmp_path / "a.yaml").mkdir()
    (tmp_path / "b.yaml").write_text("version: [\n")
    assert [code for code, _ in _codes(tmp_path)] == ["P004", "P103"]


def test_a_folder_with_a_fault_raises_with_the_text_that_a_terminal_shows(tmp_path: Path) -> None:
    """The error carries its diagnostics and shows them with their lines."""
    (tmp_path / "a.yaml").write_text("version: 2\nkind: cleanup\n")
    with pytest.raises(PolicyError) as caught:
        load_policies([str(tmp_path)])
    assert str(caught.value).splitlines()[1] == "  1 | version: 2"
    assert caught.value.exit_code == 4


def test_a_policy_file_that_anybody_may_write_is_an_error(tmp_path: Path) -> None:
    """A rule in it may be anybody's; what a group writes together is fine."""
    _write(tmp_path, one="one", two="two")
    (tmp_path / "one.yaml").chmod(0o666)
    (tmp_path / "two.yaml").chmod(0o664)
    assert _codes(tmp_path) == [("P008", "anybody may write to the policy file")]


def test_a_policy_folder_that_anybody_may_write_is_an_error(tmp_path: Path) -> None:
    """Anybody could add a rule, or replace one."""
    _write(tmp_path, one="one")
    tmp_path.chmod(0o777)
    assert _codes(tmp_path) == [("P008", f"anybody may write to the policy folder `{tmp_path}`")]
    tmp_path.chmod(0o775)
    assert _codes(tmp_path) == []


@pytest.mark.skipif(not IS_ROOT, reason="only the superuser can make files of several users")
def test_in_a_shared_folder_only_files_of_its_owner_and_our_own_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sticky bit keeps others from replacing a file, and not from adding one."""
    _write(tmp_path, one="one", two="two", three="three")
    tmp_path.chmod(0o1777)
    for name, owner in (("one", NOBODY), ("two", 4_242), ("three", 0)):
        os.chown(tmp_path / f"{name}.yaml", owner, owner)
    os.chown(tmp_path, 0, 0)
    monkeypatch.chdir(tmp_path)
    with ordinary_user():
        assert _codes(Path()) == [("P009", "the policy file belongs to user 4242, who has no say in its folder")]


@pytest.mark.skipif(not IS_ROOT, reason="only the superuser can make files of several users")
def test_the_superuser_takes_no_policy_of_somebody_else(tmp_path: Path) -> None:
    """A folder may be its owner's, and then its owner speaks; any other user does not."""
    _write(tmp_path, one="one", two="two")
    os.chown(tmp_path, NOBODY, NOBODY)
    os.chown(tmp_path / "one.yaml", NOBODY, NOBODY)
    assert _codes(tmp_path) == []
    os.chown(tmp_path / "one.yaml", 4_242, 4_242)
    assert [code for code, _ in _codes(tmp_path)] == ["P009"]


@pytest.mark.skipif(not IS_ROOT, reason="only the superuser can make files of several users")
def test_an_ordinary_user_may_load_the_policies_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever keeps the folder decides who writes into it."""
    _write(tmp_path, one="one")
    tmp_path.chmod(0o755)
    os.chown(tmp_path / "one.yaml", 4_242, 4_242)
    monkeypatch.chdir(tmp_path)
    with ordinary_user():
        assert _codes(Path()) == []


@pytest.mark.parametrize("kind", ["fifo", "device", "loop"])
def test_a_folder_that_is_none_is_an_error_and_never_waited_for(tmp_path: Path, kind: str) -> None:
    """Nobody would ever write to the FIFO."""
    folder = tmp_path / "policies"
    if kind == "fifo":
        os.mkfifo(folder)
    else:
        folder.symlink_to("/dev/null" if kind == "device" else folder)
    assert [code for code, _ in _codes(folder)] == ["P002"]


def test_a_device_and_a_loop_of_links_are_no_policies(tmp_path: Path) -> None:
    """A link is never followed, also one that leads to itself; a device is not read."""
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "null.yaml").symlink_to("/dev/null")
    assert [code for code, _ in _codes(tmp_path)] == ["P004", "P004"]
