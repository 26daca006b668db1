"""Damaged manifests as text and as JSON: what is wrong where, and what a repair did about it."""

from collections.abc import Iterator, Sequence

from rules_engine.inventory.repair import Outlook, Repaired
from rules_engine.manifest.repair import Repair
from rules_engine.manifest.verify import Finding
from rules_engine.report.documents import Json, document
from rules_engine.values.text import escape, plural


def finding_lines(findings: Sequence[Finding]) -> Iterator[str]:
    """One line for each thing that is wrong, in the manner of a compiler."""
    for one in findings:
        line = f":{one.line}" if one.line is not None else ""
        byte = f" (byte {one.byte})" if one.byte is not None else ""
        yield f"{one.file}{line}: {escape(one.what)}{byte}"
    if not findings:
        yield "every manifest and seal is whole"


def findings_document(findings: Sequence[Finding]) -> str:
    """The JSON document of kind `manifest_findings`."""
    return document("manifest_findings", {"findings": [_finding(one) for one in findings]})


def outlook_lines(outlooks: Sequence[Outlook]) -> Iterator[str]:
    """What a repair would do, job by job."""
    for one in outlooks:
        yield f"{escape(one.job_id)}:"
        yield from (f"  {_step(step)}" for step in one.repairs)
        if one.cannot is not None:
            yield f"  cannot be repaired: {escape(one.cannot)}"
        elif not one.repairs:
            yield "  nothing is left to restore"
    if not outlooks:
        yield "nothing to repair"


def repaired_lines(repaired: Sequence[Repaired]) -> Iterator[str]:
    """What was done, job by job, and what is still wrong."""
    for one in repaired:
        yield f"{escape(one.job_id)}:"
        yield from (f"  {_step(step)}" for step in one.repairs)
        if one.undeclared:
            yield f"  {plural(one.undeclared, 'file')} in its workspace without a line; the job owns what is there"
        if one.error is not None:
            yield f"  cannot be repaired: {escape(str(one.error).partition(chr(10))[0])}"
        yield from (f"  still: {line}" for line in finding_lines(one.left) if one.left)
    if not repaired:
        yield "nothing to repair"


def outlooks_document(outlooks: Sequence[Outlook]) -> str:
    """The JSON document of kind `manifest_repair` of a repair that was only looked at."""
    jobs: list[Json] = [
        {"job_id": one.job_id, "repairs": [_repair(step) for step in one.repairs], "error": one.cannot}
        for one in outlooks
    ]
    return document("manifest_repair", {"done": False, "jobs": jobs})


def repaired_document(repaired: Sequence[Repaired]) -> str:
    """The JSON document of kind `manifest_repair`."""
    jobs: list[Json] = [
        {
            "job_id": one.job_id,
            "repairs": [_repair(step) for step in one.repairs],
            "undeclared": one.undeclared,
            "error": str(one.error).partition("\n")[0] if one.error is not None else None,
            "left": [_finding(finding) for finding in one.left],
        }
        for one in repaired
    ]
    return document("manifest_repair", {"done": True, "jobs": jobs})


def _step(step: Repair) -> str:
    return f"{escape(step.file)}: {escape(step.what)}"


def _repair(step: Repair) -> dict[str, Json]:
    return {"file": step.file, "what": step.what, "lost": step.lost}


def _finding(one: Finding) -> dict[str, Json]:
    return {"job_id": one.job_id, "file": one.file, "line": one.line, "byte": one.byte, "what": one.what}
