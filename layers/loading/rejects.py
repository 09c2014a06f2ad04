"""Rows that a load can't take, and the list of them that a person works through."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from layers.texts import say

HEADER: Final = ("row", "field", "value", "reason_zh", "reason_en")


@dataclass(frozen=True)
class Problem:
    """Why a value can't be taken.

    Attributes
    ----------
    key : str
        Key of a text.
    values : dict
        What its placeholders take.
    hidden : str or None
        What the list shows in place of the value, where the value itself must not be repeated.
    """

    key: str
    values: dict[str, object] = field(default_factory=dict)
    hidden: str | None = None


class Reject(NamedTuple):
    """One reason against one row.

    Attributes
    ----------
    row : int
        Counted from 1; in a CSV file the row that a spreadsheet shows, whose first is the header.
    field : str
        Field of the layer, or ``geometry``.
    value : str
        What the file has there.
    key : str
        Key of the reason's text.
    values : dict
        What its placeholders take.
    """

    row: int
    field: str
    value: str
    key: str
    values: dict[str, object]


def reject(row: int, name: str, value: object, problem: Problem) -> Reject:
    """A reject of a value of a field."""
    shown = problem.hidden if problem.hidden is not None else "" if value is None else str(value)
    return Reject(row, name, shown[:200].replace("\0", "\ufffd"), problem.key, problem.values)


def rejects_path(path: Path) -> Path:
    """Where the list for an input stands: beside it, ``NAME.rejects.csv``."""
    return path.with_name(f"{path.stem}.rejects.csv")


def write_rejects(path: Path, rejects: Iterable[Reject]) -> Path:
    """Write the list for the input ``path``, as CSV that a spreadsheet opens in the right encoding.

    Parameters
    ----------
    path : Path
        The input.
    rejects : iterable of Reject
        In the order of the list; a long one may come from a cursor.

    Returns
    -------
    Path
        The list, beside the input; where nobody may write there, in the folder for temporary files.
    """
    wanted = rejects_path(path)
    try:
        return _write(wanted, rejects)
    except PermissionError:
        return _write(Path(tempfile.gettempdir()) / wanted.name, rejects)
    except OSError as error:
        if error.errno != 30:  # EROFS, which has no class of its own
            raise
        return _write(Path(tempfile.gettempdir()) / wanted.name, rejects)


def _write(path: Path, rejects: Iterable[Reject]) -> Path:
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for one in rejects:
            reasons = [say(one.key, language, **one.values) for language in ("zh", "en")]
            writer.writerow((one.row, one.field, _safe(one.value), *reasons))
    part.replace(path)
    return path


def forget_rejects(path: Path) -> None:
    """Remove the list of an earlier attempt on the same input, so that nobody works through errors that are mended."""
    old = rejects_path(path)
    try:
        with old.open(encoding="utf-8-sig", newline="") as file:
            ours = tuple(next(csv.reader(file), ())) == HEADER
        if ours:
            old.unlink()
    except (OSError, UnicodeDecodeError):
        pass


def as_json(values: dict[str, object]) -> str:
    """Placeholders' values as a JSON object."""
    return json.dumps(values, ensure_ascii=False, default=str)


def _safe(value: str) -> str:
    """A value that no spreadsheet takes for a formula."""
    if value[:1] in "=@\t\r" or (value[:1] in "+-" and not value[1:].replace(".", "", 1).isdecimal()):
        return f"'{value}" if value else value
    return value
