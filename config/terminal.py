"""The terminal: what is said there, in which language, and to which stream."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from config.settings import Language
from layers.texts import say


@dataclass(frozen=True)
class Terminal:
    """Who reads along.

    Attributes
    ----------
    language : str
        ``"zh"`` or ``"en"``.
    """

    language: Language

    def text(self, key: str, /, **values: object) -> str:
        """A text of ``layers/texts`` in the reader's language."""
        return say(key, self.language, **values)

    def out(self, line: str = "") -> None:
        """A line of the result."""
        print(line, flush=True)

    def tell(self, key: str, /, **values: object) -> None:
        """A text as a line of the result."""
        self.out(self.text(key, **values))

    def note(self, line: str) -> None:
        """A line beside the result: progress, a warning, an error."""
        print(line, file=sys.stderr, flush=True)

    @property
    def watched(self) -> bool:
        """Whether somebody looks on, so that a moving line makes sense."""
        return sys.stderr.isatty()

    def progress(self, done: int, total: int, key: str) -> None:
        """How far a long work has come; ``key`` names the text of its step. One line that moves, or a line a step."""
        share = f"{100 * done // max(total, 1):3d} %  {self.text(key)}"
        if self.watched:
            print(f"\r\033[K{share}", end="\n" if done >= total else "", file=sys.stderr, flush=True)
        else:
            self.note(share)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Rows in columns; numbers stand to the right, and a Chinese character takes two columns."""
        cells = [list(head)] + [[_shown(value) for value in row] for row in rows]
        widths = [max(_width(row[column]) for row in cells) for column in range(len(head))]
        numeric = [
            bool(rows) and all(value is None or isinstance(value, int | float) for value in column)
            for column in zip(*rows, strict=True)
        ] or [False] * len(head)
        for row in cells:
            padded = [
                " " * (width - _width(text)) + text if right else text + " " * (width - _width(text))
                for text, width, right in zip(row, widths, numeric, strict=True)
            ]
            self.out("  ".join(padded).rstrip())


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,.4g}" if isinstance(value, float) and abs(value) < 1e4 else str(value)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
