"""From the checked shape of a layout to the layout: directories, names, links, and what they may not be."""

from typing import Final

from rules_engine.policy.fields import check_path, read_path_template, read_template
from rules_engine.policy.findings import Findings, suggest
from rules_engine.policy.model import Alias, Layout, LayoutDirectory, PathKey
from rules_engine.policy.nodes import Node
from rules_engine.policy.templates import Template
from rules_engine.values.vocabulary import DirectoryType, FileType, JobType, Place

_RESERVED: Final = ("job_id", "status", "index", "suffix")
_TEXT: Final = ""
_NUMBER: Final = "d"


def read_layout(node: Node, findings: Findings) -> Layout | None:
    """The layout that a policy of kind `layout` says; None, with findings, where it means nothing."""
    before = len(findings)
    parameters = _read_parameters(node, findings)
    fields = {"job_id": _TEXT, **{name: _TEXT for name, _ in parameters}}
    workspace = _read_place(node, "workspace", fields, ("job_id",), findings)
    output = _read_place(node, "output", fields, (), findings)
    status = _read_place(node, "status", {**fields, "status": _TEXT}, ("status", "job_id"), findings)
    directories = _read_directories(node, findings)
    names = _read_names(node, fields, directories, findings)
    aliases = _read_aliases(node, fields, directories, findings)
    keys = _read_keys(node, directories, findings)
    if len(findings) > before or workspace is None or output is None:
        return None
    return Layout(
        job_type=JobType(node.text_of("job_type")),
        span=node.at(("job_type",)).span,
        parameters=parameters,
        workspace=workspace,
        output=output,
        status=status,
        directories=directories,
        names=names,
        aliases=aliases,
        critical=node.is_true("critical"),
        file_mode=_mode(node.get("modes", "files")),
        directory_mode=_mode(node.get("modes", "directories")),
        keys=keys,
    )


def _read_parameters(layout: Node, findings: Findings) -> tuple[tuple[str, str | None], ...]:
    found: list[tuple[str, str | None]] = []
    earlier = {"job_id": _TEXT}
    for name, entry, span in layout.pairs("parameters"):
        if name in _RESERVED:
            findings.error("P410", f"`{name}` is given by the tool", span, "choose another name")
        default = entry.get("default")
        if default is not None:
            _check_default(name, default, earlier, findings)
        found.append((name, default.text if default is not None else None))
        earlier[name] = _TEXT
    return tuple(found)


def _check_default(name: str, default: Node, earlier: dict[str, str], findings: Findings) -> None:
    if read_template(default, earlier, findings) is None:
        return
    if "/" in default.text or default.text in {"", ".", ".."}:
        message = f"the default of `{name}` is `{default.text}`, and a parameter is one name in a path"
        findings.error("P410", message, default.span, "write one name, without `/`")


def _read_place(
    layout: Node, key: str, fields: dict[str, str], needed: tuple[str, ...], findings: Findings
) -> Template | None:
    node = layout.get(key)
    template = read_path_template(node, fields, findings) if node is not None else None
    if template is None or node is None:
        return None
    missing = [name for name in needed if name not in template.fields]
    for name in missing:
        message = f"`{key}` does not contain `{{{name}}}`, so two jobs would share it"
        if name == "status":
            message = "`status` does not contain `{status}`, so it would show nothing"
        findings.error("P411", message, node.span, f"write `{node.text}/{{{name}}}`, or put it where it belongs")
    return None if missing else template


def _read_directories(layout: Node, findings: Findings) -> tuple[LayoutDirectory, ...]:
    holders: dict[str, tuple[str, Node]] = {}
    paths: dict[tuple[str, str], Node] = {}
    default_mode = _mode(layout.get("modes", "directories"))
    found: list[LayoutDirectory] = []
    for key, entry, _ in layout.pairs("directories"):
        where, path = entry.text_of("in"), entry.get("path")
        name = path.text if path is not None else key
        if path is not None:
            check_path(path, findings)
        types = entry.each("holds")
        for one in types:
            _note_holder(key, one, holders, findings)
        _note_path(key, (where, name), path or entry, paths, findings)
        mode = _mode(entry.get("mode"))
        found.append(
            LayoutDirectory(
                DirectoryType(key),
                Place(where),
                name,
                tuple(sorted(FileType(one.text) for one in types)),
                default_mode if mode is None else mode,
            )
        )
    return tuple(found)


def _note_holder(key: str, held: Node, holders: dict[str, tuple[str, Node]], findings: Findings) -> None:
    if held.text == FileType.UNDECLARED:
        findings.error("P412", "`undeclared` is what nobody declared", held.span, "remove it: no directory holds it")
        return
    first = holders.setdefault(held.text, (key, held))
    if first[1] is not held:
        findings.error(
            "P412",
            f"`{held.text}` is held by `{key}` and by `{first[0]}`",
            held.span,
            "leave it in one of them: a type is temporary or a deliverable",
            ((first[1].span, f"`{first[0]}` holds it here"),),
        )


def _note_path(
    key: str, where: tuple[str, str], node: Node, paths: dict[tuple[str, str], Node], findings: Findings
) -> None:
    first = paths.setdefault(where, node)
    if first is not node:
        findings.error(
            "P413",
            f"`{key}` has the path of another directory, `{where[1]}`",
            node.span,
            "give it a `path` of its own",
            ((first.span, "the other one is here"),),
        )


def _read_names(
    layout: Node, fields: dict[str, str], directories: tuple[LayoutDirectory, ...], findings: Findings
) -> tuple[tuple[FileType, Template], ...]:
    allowed = {**fields, "index": _NUMBER, "suffix": _TEXT}
    deliverables = {str(one) for each in directories if each.place is Place.OUTPUT for one in each.holds}
    found: list[tuple[FileType, Template]] = []
    for key, entry, span in layout.pairs("names"):
        if key not in deliverables:
            message = f"no output directory of this layout holds `{key}`, so its name is never used"
            findings.error("P414", message, span, suggest(key, deliverables, "remove it"))
        template = read_template(entry, allowed, findings)
        if template is not None and "/" in entry.text:
            findings.error(
                "P414", f"the name `{entry.text}` has a `/`", entry.span, "write one name; `path` says where"
            )
        elif template is not None and check_path(entry, findings):
            found.append((FileType(key), template))
    return tuple(sorted(found, key=lambda one: one[0]))


def _read_aliases(
    layout: Node, fields: dict[str, str], directories: tuple[LayoutDirectory, ...], findings: Findings
) -> tuple[Alias, ...]:
    keys = {str(one.key) for one in directories}
    found: list[Alias] = []
    for old, entry, span in layout.pairs("aliases"):
        if entry.text not in keys:
            message = f"this layout has no directory `{entry.text}`"
            findings.error("P415", message, entry.span, suggest(entry.text, keys, "remove the alias"))
        template = read_path_template(Node(span, old), fields, findings)
        if template is not None and entry.text in keys:
            found.append(Alias(template, DirectoryType(entry.text)))
    return tuple(sorted(found, key=lambda one: one.path.text))


def _read_keys(layout: Node, directories: tuple[LayoutDirectory, ...], findings: Findings) -> tuple[PathKey, ...]:
    targets: dict[str, DirectoryType | Place] = {place.value: place for place in Place}
    targets |= {str(one.key): one.key for one in directories}
    own = {str(one.key) for one in directories}
    found: list[PathKey] = []
    for key, entry, span in layout.pairs("keys"):
        target = targets.get(entry.text)
        if target is None:
            message = f"this layout has no directory `{entry.text}`"
            findings.error("P415", message, entry.span, suggest(entry.text, targets, "remove the key"))
        elif key in own and key != entry.text:
            message = f"`{key}` is a directory of this layout, and its key stands for that one"
            findings.error("P415", message, span, "remove it here, or give the directory another name")
        elif key not in own:
            found.append(PathKey(key, target))
    return tuple(sorted(found, key=lambda one: one.name))


def _mode(node: Node | None) -> int | None:
    return int(node.text, 8) if node is not None else None
