"""A delivery of data that are no layer: counted, kept as figures, and let go. No row of it is ever stored."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field

from psycopg2.extensions import cursor as Cursor

from geo.errors import InvalidInput, NotFound

_TOWNSHIP_NAMES = ("township_code", "镇街编码", "township", "镇街")


@dataclass
class Counted:
    """What was counted in the rows of a township, or in all of them.

    Attributes
    ----------
    rows, fields, filled : int
        Rows, required fields in them, and those that have a value.
    """

    rows: int = 0
    fields: int = 0
    filled: int = 0

    def add(self, other: Counted) -> None:
        """Count the rows of another as well."""
        self.rows += other.rows
        self.fields += other.fields
        self.filled += other.filled

    @property
    def share(self) -> float:
        """Share of required fields that have a value; 1 where none is required."""
        return self.filled / self.fields if self.fields else 1.0


@dataclass
class Delivery:
    """A counted delivery.

    Attributes
    ----------
    whole : Counted
        All its rows.
    townships : dict of str to Counted
        By what the township's column says; empty where there is none.
    """

    whole: Counted = field(default_factory=Counted)
    townships: dict[str, Counted] = field(default_factory=dict)


def count_delivery(text: str, required: Iterable[str]) -> Delivery:
    """Count a CSV table.

    Parameters
    ----------
    text : str
        With the names of the columns in its first line.
    required : iterable of str
        Columns in which every row should have a value; all but the township's when none is named.

    Raises
    ------
    InvalidInput
        Naming the column that is missing.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    columns = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = columns
    by = next((name for name in _TOWNSHIP_NAMES if name in columns), None)
    wanted = list(required) or [name for name in columns if name != by]
    missing = [name for name in wanted if name not in columns]
    if not columns or missing:
        raise InvalidInput("records.columns", missing=", ".join(missing) or "-")
    delivery = Delivery()
    for row in reader:
        parts = [delivery.whole]
        if by is not None:
            parts.append(delivery.townships.setdefault((row[by] or "").strip(), Counted()))
        filled = sum(bool((row[name] or "").strip()) for name in wanted)
        for part in parts:
            part.rows += 1
            part.fields += len(wanted)
            part.filled += filled
    return delivery


def record_delivery(cur: Cursor, code: str, delivery: Delivery) -> None:
    """Keep the figures of a delivery, of each township where it names them.

    Parameters
    ----------
    cur : cursor
        Of the owner.
    code : str
        Of a base data item that is no layer.

    Raises
    ------
    NotFound
        When there is no such item.
    InvalidInput
        When the item is a layer, which is measured itself, or a township is unknown.
    """
    cur.execute("select layer from wangge.records where code = %s", (code,))
    rows = cur.fetchall()
    if not rows:
        raise NotFound("records.no-item", code=code)
    if rows[0][0] is not None:
        raise InvalidInput("records.is-layer", code=code, layer=rows[0][0])
    if not delivery.townships:
        _insert(cur, code, None, delivery.whole)
        return
    cur.execute("select code, name from wangge.todays_divisions where level = 'township'")
    known = {text: township for township, name in cur.fetchall() for text in (township, name)}
    unknown = next((name for name in delivery.townships if name not in known), None)
    if unknown is not None:
        raise InvalidInput("records.township", value=unknown)
    # by name here and by code there it is the same township
    merged: dict[str, Counted] = {}
    for name, counted in delivery.townships.items():
        merged.setdefault(known[name], Counted()).add(counted)
    for township, counted in merged.items():
        _insert(cur, code, township, counted)


def _insert(cur: Cursor, code: str, township: str | None, counted: Counted) -> None:
    cur.execute(
        "insert into wangge.item_deliveries (item_code, township_code, count, filled) values (%s, %s, %s, %s)",
        (code, township, counted.rows, counted.share),
    )
