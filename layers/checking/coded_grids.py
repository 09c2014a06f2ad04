"""What the checks and the numbering of codes read: the city's settings, villages, grids, and codes that are gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from geo.errors import InvalidInput
from layers.catalogue.catalogue import CATALOGUE
from layers.catalogue.layer import Layer

_NEEDED = ("code", "kind", "village_code")


@dataclass(frozen=True, eq=False)
class CodedGrids:
    """Grids with what their codes are checked against.

    Attributes
    ----------
    ids : list of str, length n
        Unique names.
    codes, kinds, village_codes : list of str or None, length n
        As they were stated.
    geometries : ndarray of shapely geometries, shape (n,)
        EPSG:4490, longitude first; None where a grid has none.
    """

    ids: list[str]
    codes: list[str | None]
    kinds: list[str | None]
    village_codes: list[str | None]
    geometries: NDArray[np.object_]


def coded_layers() -> list[str]:
    """Ids of the layers whose features have a code, a kind and a village; a working copy is checked a set at a time."""
    return [id_ for id_, layer in CATALOGUE.items() if layer.writers is None and set(_NEEDED) <= set(layer.names)]


def read_grids(cur: Cursor, layer_id: str) -> CodedGrids:
    """Grids of a layer that the current identity may see; of a layer with history those of today.

    Raises
    ------
    InvalidInput
        When there is no such layer, or its features have no grid codes.
    """
    if layer_id not in coded_layers():
        raise InvalidInput("check-codes.layer", layer=layer_id, layers=", ".join(coded_layers()))
    layer = CATALOGUE[layer_id]
    cur.execute(_grids_statement(layer))
    rows = cur.fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    return CodedGrids(
        [str(value) for value in columns[0]], list(columns[1]), list(columns[2]), list(columns[3]), _shapes(columns[4])
    )


def read_villages(cur: Cursor) -> tuple[list[str], NDArray[np.object_]]:
    """12-digit codes of all villages and their ground in EPSG:4490."""
    cur.execute("select code, st_asbinary(geom) from wangge.todays_divisions where level = 'village' order by code")
    rows = cur.fetchall()
    return [code for code, _ in rows], _shapes(shape for _, shape in rows)


def read_codes_gone(cur: Cursor) -> tuple[set[str], set[str]]:
    """Codes that no grid may hold any more, and all that were ever given out.

    A code is gone when its grid has ended or was deleted, whether or not another grid holds it now. It is not when that
    other row goes on from the day of the end on the same ground: the same grid with other figures. An ended row of a
    code that has no such next one makes it gone as well: a grid that changes its ground gets a new code. What was
    published goes on even so: publishing keeps a code only where the city's rule does.
    """
    cur.execute("select code from wangge.issued_codes")
    issued = {code for (code,) in cur.fetchall()}
    cur.execute(
        "select code from wangge.issued_codes where retired_at is not null and not exists ("
        "   select from wangge.grids as now join wangge.grids as before"
        "   on before.code = now.code and before.valid_to = now.valid_from"
        "   and (now.publication is not null or st_equals(before.geom, now.geom))"
        "   where now.code = issued_codes.code and now.valid_to is null)"
        " union"
        " select code from wangge.grids as ended where valid_to is not null and not exists ("
        "   select from wangge.grids as next"
        "   where next.code = ended.code and next.valid_from = ended.valid_to"
        "   and (next.publication is not null or st_equals(next.geom, ended.geom)))"
    )
    return {code for (code,) in cur.fetchall()}, issued


def read_city(cur: Cursor) -> tuple[int, str] | None:
    """EPSG code of the city's metric CRS and id of its coding scheme; None when no city was set up."""
    cur.execute("select metric_srid, scheme from wangge.city")
    row = cur.fetchone()
    return (row[0], row[1]) if row else None


def _grids_statement(layer: Layer) -> sql.Composed:
    columns = [sql.Identifier(name) for name in (layer.id_field, *_NEEDED)]
    today: sql.Composable = sql.SQL("")
    if layer.current_only:
        today = sql.SQL(" where {} is null").format(sql.Identifier(layer.time[1]))
    return sql.SQL("select {}, st_asbinary(geom) from {}{} order by fid").format(
        sql.SQL(", ").join(columns), sql.Identifier("wangge", layer.table), today
    )


def _shapes(binary: Iterable[bytes | memoryview | None]) -> NDArray[np.object_]:
    found: NDArray[np.object_] = shapely.from_wkb(
        np.array([None if shape is None else bytes(shape) for shape in binary], dtype=np.object_)
    )
    return found
