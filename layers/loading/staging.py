"""Rows of a load on their way: a temporary table that the checks over all rows run on, then one insert."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import shapely
from numpy.typing import NDArray
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from geo.crs import STORED_SRID
from layers.catalogue.layer import Layer
from layers.heat.cells import write_cells
from layers.loading.division_periods import check_periods
from layers.loading.rejects import Problem, Reject, as_json, reject
from layers.loading.rules import MEASURED

_BESIDES: Final = {"cases": ("cell",)}
"""Columns that no field shows and the loader fills."""

_NAMED_BY: Final = {"department-cells": ("department", "code")}
"""Fields that together tell the rows of a layer apart, where its id is made from them; the last one is told of."""


@dataclass(frozen=True)
class Column:
    """A column of a layer's table.

    Attributes
    ----------
    name, type : str
        As PostgreSQL writes them.
    required : bool
        Neither null nor filled by a default.
    default : str or None
        Expression of the default.
    """

    name: str
    type: str
    required: bool
    default: str | None


def columns_of(cur: Cursor, layer: Layer) -> dict[str, Column]:
    """Columns of a layer's table that a file can fill, by name; what the database makes itself is left out."""
    cur.execute(
        "select attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)"
        " from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = '' and attidentity = ''",
        (f"wangge.{layer.table}",),
    )
    wanted = (*layer.names, *_BESIDES.get(layer.id, ()))
    return {
        name: Column(name, type_, notnull and default is None, default)
        for name, type_, notnull, default in cur.fetchall()
        if name in wanted and name not in MEASURED
    }


class Staging:
    """Rows of one load inside its transaction.

    Parameters
    ----------
    cur : cursor
        Of the owner; the temporary tables vanish with its transaction.
    layer : Layer
        Where the rows go.
    columns : sequence of Column
        In the order in which rows are added.
    """

    def __init__(self, cur: Cursor, layer: Layer, columns: Sequence[Column]) -> None:
        self._cur, self._layer, self._columns = cur, layer, tuple(columns)
        self._table = sql.Identifier("wangge", layer.table)
        names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
        cur.execute(
            sql.SQL(
                "create temporary table incoming on commit drop as"
                " select null::integer as row_number, {}, geom from {} limit 0"
            ).format(names, self._table)
        )
        cur.execute(
            "create temporary table refused"
            " (row_number integer, field text, value text, key text, detail text) on commit drop"
        )

    def add(self, numbers: Sequence[int], values: Sequence[Sequence[Any]], geometries: NDArray[Any]) -> None:
        """Append rows.

        Parameters
        ----------
        numbers : sequence of int
            The rows' numbers.
        values : sequence of sequences
            One a column, None for nothing.
        geometries : (n,) ndarray of shapely geometries or None
            EPSG:4490.
        """
        known = shapely.set_srid(geometries, STORED_SRID)
        shapes = shapely.to_wkb(known, hex=True, include_srid=True, output_dimension=2)
        self._copy("incoming", [numbers, *values, shapes.tolist()])

    def refuse(self, rejects: Iterable[Reject]) -> None:
        """Note reasons against rows."""
        rows = [(one.row, one.field, one.value, one.key, as_json(one.values)) for one in rejects]
        if rows:
            self._copy("refused", list(zip(*rows, strict=True)))

    def _copy(self, table: str, columns: Sequence[Sequence[Any]]) -> None:
        lines = "\n".join(map("\t".join, zip(*map(_written, columns), strict=True)))
        if lines:
            statement = sql.SQL("copy {} from stdin").format(sql.Identifier(table))
            self._cur.copy_expert(statement, io.StringIO(lines + "\n"))

    def check(self) -> None:
        """Find what only all rows together show: ids that come twice, and ids that the layer has already."""
        self._cur.execute("analyze incoming")
        if self._layer.id == "cases":
            return  # they are merged by number
        if self._layer.id == "grids":
            self._cur.execute(_GRID_PERIODS)
            return
        if self._layer.id == "divisions":
            check_periods(self._cur)
            return
        named = _NAMED_BY.get(self._layer.id, (self._layer.id_field,))
        keys = sql.SQL(", ").join(map(sql.Identifier, named))
        parts: dict[str, sql.Composable] = {
            "keys": keys, "key": sql.Identifier(named[-1]), "name": sql.Literal(named[-1]), "table": self._table,
        }  # fmt: skip
        same = [sql.SQL("there.{0} = incoming.{0}").format(sql.Identifier(one)) for one in named]
        parts["same"] = sql.SQL(" and ").join(same)
        self._cur.execute(sql.SQL(_REPEATED).format(**parts))
        self._cur.execute(sql.SQL(_LOADED).format(**parts))

    def refused(self) -> int:
        """How many rows have a reason against them."""
        self._cur.execute("select count(distinct row_number) from refused")
        (count,) = self._cur.fetchone() or (0,)
        return int(count)

    def rejects(self) -> Iterator[Reject]:
        """All reasons in the order of the rows."""
        self._cur.execute("declare reasons cursor for select * from refused order by row_number, field, key")
        while True:
            self._cur.execute("fetch 10000 from reasons")
            rows = self._cur.fetchall()
            if not rows:
                break
            for row, field, value, key, detail in rows:
                yield Reject(row, field, value, key, _placeholders(detail))
        self._cur.execute("close reasons")

    def write_cells(self) -> None:
        """Write the outlines of the cells that the cases lie in."""
        self._cur.execute(
            "select distinct cell from incoming"
            " where not exists (select from wangge.h3_cells where h3_cells.cell = incoming.cell)"
        )
        write_cells(self._cur, [cell for (cell,) in self._cur.fetchall()])

    def merge(self) -> Counter[str]:
        """Merge cases with those that are there: how many of each outcome, see ``wangge.merge_cases``.

        A step that is not allowed is a reason against its row.
        """
        self._cur.execute("select row_number, case_no, outcome, from_state from wangge.merge_cases()")
        rows = self._cur.fetchall()
        self.refuse(
            reject(number, "state", "", Problem("load.reject-step", {"case": case_no, "from_state": from_state}))
            for number, case_no, outcome, from_state in rows
            if outcome == "step"
        )
        return Counter(outcome for _, _, outcome, _ in rows)

    def insert(self) -> int:
        """Write the rows into the layer, in the order of the file; how many there were."""
        names = sql.SQL(", ").join(sql.Identifier(column.name) for column in self._columns)
        filled = sql.SQL(", ").join(
            sql.Identifier(column.name)
            if column.default is None
            else sql.SQL("coalesce({}, {})").format(sql.Identifier(column.name), sql.SQL(column.default))
            for column in self._columns
        )
        self._cur.execute(
            sql.SQL("insert into {} ({}, geom) select {}, geom from incoming {}").format(
                # cases come by the million, and no check of theirs moves a row: they lie as they were written
                self._table, names, filled, sql.SQL("" if self._layer.id == "cases" else "order by row_number"),
            )  # fmt: skip
        )
        count = int(self._cur.rowcount)
        # the divisions' parents are asked for at the end of a transaction, which is too late to be explained
        self._cur.execute("set constraints all immediate")
        return count


def _written(column: Sequence[Any]) -> list[str]:
    """Values of a column in COPY's text format."""
    return ["\\N" if value is None else _WRITERS.get(type(value), repr)(value) for value in column]


def _escaped(text: str) -> str:
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text


_WRITERS: Final[dict[type, Callable[[Any], str]]] = {
    str: _escaped,
    bool: lambda value: "t" if value else "f",
    date: date.isoformat,
    datetime: datetime.isoformat,
}


def _placeholders(detail: str) -> dict[str, object]:
    values: dict[str, object] = json.loads(detail)
    return values


_REPEATED: Final = """
insert into refused
select row_number, {name}, {key}, 'load.reject-repeated', json_build_object('first', first)::text
from (select row_number, {key}, min(row_number) over (partition by {keys}) as first
      from incoming where {key} is not null) as known
where row_number > first
"""

_LOADED: Final = """
insert into refused
select row_number, {name}, {key}, 'load.reject-loaded', '{{}}'
from incoming where exists (select from {table} as there where {same})
"""

# One code, one grid on any one day, in the file and in the table: the condition of the exclusion constraint.
_GRID_PERIODS: Final = """
with periods as materialized (
    select row_number, code, daterange(coalesce(valid_from, current_date), valid_to) as period
    from incoming where code is not null
)
insert into refused
select row_number, 'code', code, 'load.reject-repeated', json_build_object('first', min(earlier))::text
from (select later.row_number, later.code, earlier.row_number as earlier
      from periods as later join periods as earlier
          on earlier.code = later.code and earlier.row_number < later.row_number
              and earlier.period && later.period) as twice
group by row_number, code
union all
select row_number, 'code', code, 'load.reject-loaded', '{}'
from periods where exists (
    select from wangge.grids as there where there.code = periods.code and daterange(valid_from, valid_to) && period)
"""
