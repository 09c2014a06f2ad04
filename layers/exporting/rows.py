"""Rows of a request from a cursor on the server, some at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import psycopg2
from psycopg2.extensions import cursor as Cursor

from geo.crs import STORED_SRID, srid_of
from geo.errors import InvalidInput
from layers.catalogue.layer import Field, Layer
from layers.database.sqltext import name
from layers.features.feature_text import requested_text
from layers.features.items_request import ItemsRequest
from layers.features.query import rows_statement

_ROWS: Final = 10_000


class Rows:
    """Rows of a request; iterating gives lists of them.

    Parameters
    ----------
    cur : cursor
        In a transaction of whoever asks: row-level security decides what there is.
    layer : Layer
        Where from.
    request : ItemsRequest
        Which rows, which fields, in what order and CRS.
    texts : bool
        One column with each feature's text as items show it, instead of a column a field and the geometry as WKB.

    Attributes
    ----------
    fields : tuple of Field
        Those of the columns before the geometry.
    count : int
        Rows given out so far.
    """

    def __init__(self, cur: Cursor, layer: Layer, request: ItemsRequest, *, texts: bool = False) -> None:
        self.layer = layer
        self.request = request
        self.count = 0
        self.fields: tuple[Field, ...] = tuple(
            field for field in layer.fields if request.properties is None or field.name in request.properties
        )
        self._cur = cur
        columns = requested_text(layer, request) if texts else ", ".join((*map(_column, self.fields), self._shape()))
        statement = rows_statement(layer, request, columns)
        self._run(f"declare exported no scroll cursor for {statement.text}", statement.values)

    @property
    def srid(self) -> int:
        """EPSG code of the geometries; their coordinates are easting or longitude first, as files have them."""
        return srid_of(self.request.crs)

    def are_more_than(self, number: int) -> bool:
        """Whether there are more rows than a number, without reading them."""
        few = replace(self.request, limit=min(self.request.limit, number + 1), sortby=(), after=None)
        statement = rows_statement(self.layer, few, "1")
        self._run(f"select count(*) from ({statement.text}) as few", statement.values)  # noqa: S608 - the builder's
        return int(self._cur.fetchall()[0][0]) > number

    def __iter__(self) -> Iterator[list[tuple[Any, ...]]]:
        while True:
            self._run(f"fetch {_ROWS} from exported", None)
            rows = self._cur.fetchall()
            if not rows:
                return
            self.count += len(rows)
            yield rows

    def _shape(self) -> str:
        if not self.request.geometry:
            return "null::bytea"
        if self.srid in (4326, STORED_SRID):
            return "st_asbinary(geom)"
        return f"st_asbinary(st_transform(geom, {self.srid}))"

    def _run(self, statement: str, values: tuple[object, ...] | None) -> None:
        try:
            self._cur.execute(statement, values)
        except psycopg2.errors.QueryCanceled as error:
            raise InvalidInput("query.too-long") from error
        except (psycopg2.DataError, psycopg2.errors.InternalError_) as error:
            raise InvalidInput("query.data", reason=str(error).splitlines()[0][:200]) from error


def _column(field: Field) -> str:
    return name(field.name)
