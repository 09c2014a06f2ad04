"""What a load did, and what a person should know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from layers.texts import say

Progress = Callable[[str, int, int], None]
"""Told ``stage`` (``read``, ``check``, ``write``), rows done, and rows in all (0 where that is not known)."""


def unwatched(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Note:
    """Something worth knowing of a load that went well: key of a text and what its placeholders take."""

    key: str
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class LoadReport:
    """What a load did.

    Attributes
    ----------
    layer : str
        Id of the layer.
    read, loaded, rejected : int
        Rows of the file, rows written (in a dry run: that would be), rows with something against them.
    rejects_path : Path or None
        List of the rejected rows.
    dry_run : bool
        Nothing was kept.
    srid : int or None
        EPSG code that the coordinates were read as; None for the shifted systems and those without a code.
    notes : tuple of Note
        What else there is to know.
    """

    layer: str
    read: int
    loaded: int
    rejected: int
    rejects_path: Path | None
    dry_run: bool
    srid: int | None
    notes: tuple[Note, ...] = ()

    def lines(self, language: str) -> list[str]:
        """The report in sentences, ``zh`` or ``en``."""
        key = "load.rejected" if self.rejected else "load.would-load" if self.dry_run else "load.done"
        values = {"layer": self.layer, "read": self.read, "loaded": self.loaded, "rejected": self.rejected}
        first = say(key, language, path=self.rejects_path, **values)
        return [first, *(say(note.key, language, **note.values) for note in self.notes)]
