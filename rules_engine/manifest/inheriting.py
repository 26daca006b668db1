"""What type a job gave to whatever lands in a directory that it declared, however deep below it."""

from rules_engine.manifest.model import JobRecord
from rules_engine.values.paths import RelPath
from rules_engine.values.trail import Trail
from rules_engine.values.vocabulary import FileType


class InheritedTypes:
    """Finds the type of undeclared files directory by directory; cheapest in plan order."""

    def __init__(self, record: JobRecord) -> None:
        self._directories = record.directories
        self._types: Trail[FileType | None] = Trail(None)

    def of(self, directory: RelPath) -> FileType | None:
        """The type that `directory`, or the nearest directory above it, was declared with; None where none was."""
        return self._types.at(directory, self._step)

    def _step(self, above: FileType | None, path: RelPath) -> FileType | None:
        declared = self._directories.get(path)
        return above if declared is None or declared.file_type is None else declared.file_type
