"""Layers of the catalogue read whole, as ids, geometries and a few of their columns."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from geo.errors import InvalidInput, NeedsKey
from layers.catalogue.catalogue import CATALOGUE
from layers.catalogue.layer import Layer
from layers.identity import current

POLYGONS = ("Polygon", "MultiPolygon")
PLACES = (*POLYGONS, "Point")
"""Where people can be: in a block, or at a point."""


@dataclass(frozen=True, eq=False)
class Areas:
    """Features of a layer, or of a collection that came with a request.

    Attributes
    ----------
    ids : list of str, length n
    geometries : (n,) ndarray of shapely geometries
        EPSG:4490, longitude first; None where a feature has none.
    columns : dict of str to list, length n each
    """

    ids: list[str]
    geometries: NDArray[np.object_]
    columns: dict[str, list[Any]]

    def only(self, keep: NDArray[np.bool_]) -> Areas:
        """Those that a mask of n values keeps."""
        some = np.flatnonzero(keep).tolist()
        columns = {name: [values[i] for i in some] for name, values in self.columns.items()}
        return Areas([self.ids[i] for i in some], self.geometries[some], columns)


def read_areas(
    cur: Cursor, layer_id: str, wanted: Collection[str], types: Collection[str] = POLYGONS, field: str = "layer"
) -> Areas:
    """Features that the current identity may see; of a layer with history those of today.

    Parameters
    ----------
    cur : cursor
    layer_id : str
        Id in the catalogue.
    wanted : collection of str
        Fields to read; those that the layer doesn't have are left out.
    types : collection of str
        Geometry types that will do.
    field : str
        Input that the id was given for, to be named in an error.

    Raises
    ------
    InvalidInput
        When there is no such layer of these types; it lists those there are.
    NeedsKey
        When it is not for the public.
    """
    layer = CATALOGUE.get(layer_id)
    if layer is None or layer.geometry_type not in types:
        known = ", ".join(id_ for id_, one in CATALOGUE.items() if one.geometry_type in types)
        raise InvalidInput("crosswalk.layer", field=field, layer=layer_id, layers=known)
    if not current().reaches(layer.readers):
        raise NeedsKey("key.needed", layer=layer_id)
    names = [name for name in layer.names if name in wanted]
    cur.execute(_statement(layer, names))
    rows = cur.fetchall()
    shapes = np.full(len(rows), None, dtype=object)
    shapes[:] = [None if row[1] is None else bytes(row[1]) for row in rows]
    columns = {name: [row[2 + place] for row in rows] for place, name in enumerate(names)}
    return Areas([str(row[0]) for row in rows], shapely.from_wkb(shapes), columns)


def _statement(layer: Layer, names: list[str]) -> sql.Composed:
    today: sql.Composable = sql.SQL("")
    if layer.current_only:
        today = sql.SQL(" where {} is null").format(sql.Identifier(layer.time[1]))
    return sql.SQL("select {} from {}{} order by fid").format(
        sql.SQL(", ").join(
            [sql.Identifier(layer.id_field), sql.SQL("st_asbinary(geom)"), *(sql.Identifier(name) for name in names)]
        ),
        sql.Identifier("wangge", layer.table),
        today,
    )
