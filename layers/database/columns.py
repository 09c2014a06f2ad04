"""Whole columns of numbers out of the database: binary COPY straight into arrays, without a Python object a value."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg2.extensions import cursor as Cursor

from layers.database.sqltext import Sql

_TYPES = {"smallint": ">i2", "integer": ">i4", "bigint": ">i8", "double precision": ">f8"}
_HEAD, _TAIL = 19, 2
"""Bytes before the first row (signature, flags, length of what may follow) and after the last.

https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9.4
"""


def read_columns(cur: Cursor, statement: Sql, types: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Columns of a reading statement, as the current identity of the transaction sees them.

    Parameters
    ----------
    cur : cursor
    statement : Sql
        A query with the columns of ``types`` in that order; none of them is ever null, so that all rows are alike.
    types : mapping of str to str
        PostgreSQL type of each column by its name: smallint, integer, bigint or double precision. Each is cast to it.

    Returns
    -------
    dict of str to (n,) ndarray

    Raises
    ------
    ValueError
        When there is a null all the same: a fault of the statement.
    """
    columns = ", ".join(f"{name}::{kind}" for name, kind in types.items())
    names = ", ".join(types)
    # names and types come from the code of ours that calls, values go through mogrify
    text = f"copy (select {columns} from ({statement.text}) as given ({names})) to stdout (format binary)"  # noqa: S608
    whole = io.BytesIO()
    cur.copy_expert(cur.mogrify(text, statement.values).decode(), whole)
    # each row: how many fields, and before every field its length
    row = np.dtype([("fields", ">i2")] + [pair for name, kind in types.items()
                                          for pair in ((f"{name}_length", ">i4"), (name, _TYPES[kind]))])  # fmt: skip
    body = whole.getbuffer()[_HEAD:-_TAIL]
    rows = np.frombuffer(body[: len(body) // row.itemsize * row.itemsize], dtype=row)
    # a null has no bytes, and whatever follows it would be read from the wrong place
    alike = all((rows[f"{name}_length"] == rows.dtype[name].itemsize).all() for name in types)
    if len(body) % row.itemsize or not alike:
        raise ValueError(f"a null among {names}")
    return {name: rows[name].astype(rows.dtype[name].newbyteorder("=")) for name in types}
