"""What a seal says of one directory: a row an entry, written as one line."""

from typing import Final

import msgspec

from rules_engine.values.names import EncodedName, decode_name
from rules_engine.values.vocabulary import EntryKind, FileType


class SealedRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One entry of a directory as it was when the job was sealed."""

    name: EncodedName
    file_type: str
    kind: EntryKind
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    nlink: int
    look: bool = False
    """An outcome cast doubt on it: the next plan looks at the entry itself."""
    absent: bool = False
    """Declared, but not there when the job was sealed."""

    @property
    def is_declared(self) -> bool:
        """Whether the manifest names the entry; else it was found in the workspace."""
        return self.file_type != FileType.UNDECLARED


class SealedDirectory(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One directory as it was when the job was sealed: rows and subdirectories in byte order of their names."""

    inode: int | None
    complete: bool
    """Every entry has a row; else only the files that the manifest names."""
    subdirectories: list[EncodedName]
    rows: list[SealedRow]
    look: bool = False
    """An outcome cast doubt on the listing: the next plan reads the directory itself."""

    @property
    def declared(self) -> dict[str, FileType]:
        """The files in it that the manifest names, each with its type."""
        # A thousand files of a directory share a handful of types.
        types = {text: FileType(text) for text in {row.file_type for row in self.rows}}
        types.pop(FileType.UNDECLARED, None)
        return {
            name if isinstance(name := row.name, str) else decode_name(name): types[row.file_type]
            for row in self.rows
            if row.file_type in types
        }


_DECODER: Final = msgspec.json.Decoder(SealedDirectory)
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


def encode_directory(directory: SealedDirectory) -> bytes:
    """The line of a directory, newline included."""
    return _ENCODER.encode(directory) + b"\n"


def decode_directory(line: bytes) -> SealedDirectory:
    """The directory that a line, without its newline, tells of.

    Raises:
        ValueError: when it tells of none.
    """
    return _DECODER.decode(line)
