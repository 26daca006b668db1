"""The example of a packed seal in the documentation is one."""

import re
from pathlib import Path

from rules_engine.manifest.seal import decode_seal, encode_seal
from rules_engine.manifest.shelf import is_current
from rules_engine.values.vocabulary import JobId

PAGE = Path(__file__).parents[3] / "docs/reference/formats/seal.md"


def test_the_packed_seal_on_the_page_can_be_read() -> None:
    """It is written again byte for byte, stands without logs, and not beside one that it does not cover."""
    (line,) = re.findall(r"```json\n(\{.*\"packed\".*)\n```", PAGE.read_text())
    data = f"{line}\n".encode()
    seal = decode_seal(data, JobId("job-1"))
    assert seal.record.packed
    assert encode_seal(seal.record, seal.logs, seal.directories()) == data
    (log,) = seal.logs
    assert is_current(seal, {})
    assert is_current(seal, {log.host: log.length})
    assert not is_current(seal, {log.host: log.length + 1})
    assert not is_current(seal, {"beta": log.length})
