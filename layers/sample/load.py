"""Writing the sample city into the database, by COPY."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.resources import files
from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from geo.crosswalk.crosswalk import crosswalk
from geo.hotspots.steps import steps_up_to
from geo.measuring import Plane
from layers.crosswalk import Place, keep_crosswalk, kept_rows
from layers.heat.cells import write_cells
from layers.heat.public import publishing
from layers.heat.release import release_counts
from layers.hotspots.run import Search, find
from layers.hotspots.store import store
from layers.records.items import read_items, write_items, write_layers
from layers.records.measure import measure_records
from layers.sample import rhythm, tables
from layers.sample.city import SampleCity, build_city

_PORTION = 20_000
"""Cases that one statement writes."""


class Progress(Protocol):
    """Told how far a load has come: ``key`` names a text in ``layers/texts/sample.toml``."""

    def __call__(self, done: int, total: int, key: str) -> None: ...


def _silent(done: int, total: int, key: str) -> None:
    """Progress that nobody watches."""


def load_sample(db_connection: Connection, progress: Progress = _silent, city: SampleCity | None = None) -> None:
    """Fill an empty database with the sample city, in one transaction.

    Parameters
    ----------
    db_connection : psycopg2 connection
        Of the owner of schema ``wangge``; committed at the end, rolled back on any error.
    progress : callable
        ``progress(done, total, key)``, in rows.
    city : SampleCity, optional
        What is loaded; built when not given.

    Raises
    ------
    psycopg2.Error
        The database has other data that stands against it (a second city row, a code twice).
    """
    progress(0, 1, "sample.building")
    city = build_city() if city is None else city
    parts = [
        ("sample.divisions", "divisions", city.divisions),
        # by code, so that the numbers of the rows follow the codes
        ("sample.grids", "grids", city.grids.sort_values("code")),
        ("sample.departments", "department_cells", city.department_cells),
        ("sample.cameras", "cameras", city.cameras),
        ("sample.places", "service_points", city.service_points),
        ("sample.places", "enforcement", city.enforcement),
        # the one long step, in portions so that its progress shows
        *(("sample.cases", "cases", city.cases.iloc[first : first + _PORTION])
          for first in range(0, len(city.cases), _PORTION)),
    ]
    total, done = sum(len(rows) for _, _, rows in parts), 0
    with db_connection, db_connection.cursor() as cursor:
        _city_row(cursor, city)
        write_cells(cursor, city.cases["cell"])
        for key, table, rows in parts:
            progress(done, total, key)
            _frame(cursor, table, rows)
            done += len(rows)
        _crosswalk(cursor, city)
        _hot_spots(cursor)
        progress(done, total, "sample.releasing")
        # whoever owns the tables is an administrator
        cursor.execute("select set_config('wangge.role', 'admin', true)")
        release_counts(cursor, publishing())
        _records(cursor)
    progress(total, total, "sample.done")


def _city_row(cursor: Cursor, city: SampleCity) -> None:
    cursor.execute(
        "insert into wangge.city (code, name, name_en, sample, metric_srid, outline)"
        " values (%s, %s, %s, true, %s, st_setsrid(st_geomfromwkb(%s), 4490))",
        (tables.CODE, tables.NAME, tables.NAME_EN, tables.METRIC_SRID, shapely.to_wkb(city.outline)),
    )


def _records(cursor: Cursor) -> None:
    """A plausible list of data items, and how complete what the sample has of them is."""
    text = files("layers.sample").joinpath("data_items.csv").read_text("utf-8")
    write_items(cursor, read_items(text), "sample")
    write_layers(cursor)
    cursor.execute("select set_config('wangge.role', 'admin', true)")
    measure_records(cursor)


def _crosswalk(cursor: Cursor, city: SampleCity) -> None:
    """How the cells of the departments map to the social grids."""
    plane, cells = Plane(f"EPSG:{tables.METRIC_SRID}"), city.department_cells
    grids = city.grids[city.grids["kind"] == "social"]
    names, owners = cells["code"].tolist(), cells["department"].tolist()
    shapes, ground = cells.geometry.to_numpy(), grids.geometry.to_numpy()
    walk = crosswalk(plane.flat(shapes), names, owners, plane.flat(ground), grids["code"].tolist())
    of_cells = map(Place, shapes, cells["township_code"])
    of_grids = map(Place, ground, grids["village_code"].str[:9])
    cursor.execute("select set_config('wangge.role', 'admin', true)")
    rows = kept_rows(
        walk,
        dict(zip(zip(owners, names, strict=True), of_cells, strict=True)),
        dict(zip(grids["code"], of_grids, strict=True)),
        plane,
    )
    keep_crosswalk(cursor, rows)


def _hot_spots(cursor: Cursor) -> None:
    """What the layer of hot spots shows from the start: the last twelve months of the grids."""
    store(cursor, find(cursor, Search(tuple(steps_up_to(rhythm.LAST_DAY.astype(object), "month", 12)))))


def _frame(cursor: Cursor, table: str, frame: gpd.GeoDataFrame) -> None:
    names = [str(name) for name in frame.columns if name != "geometry"]
    columns = [_texts(frame[name]) for name in names]
    shapes = shapely.set_srid(frame.geometry.to_numpy(), 4490)
    columns.append(shapely.to_wkb(shapes, hex=True, include_srid=True).tolist())
    _copy(cursor, table, [*names, "geom"], columns)


def _texts(column: pd.Series) -> list[str]:
    """Values as COPY reads them; moments are UTC."""
    if column.dtype.kind == "M":
        moments = np.datetime_as_string(column.to_numpy().astype("datetime64[s]"))
        return [r"\N" if moment == "NaT" else moment + "Z" for moment in moments.tolist()]
    missing = column.isna().to_numpy()
    values = column.astype(object).tolist()
    return [r"\N" if gone else str(value) for value, gone in zip(values, missing.tolist(), strict=True)]


def _copy(cursor: Cursor, table: str, names: list[str], columns: list[list[str]]) -> None:
    # The sample's own texts hold no tab, newline or backslash, so nothing has to be escaped.
    statement = sql.SQL("copy wangge.{} ({}) from stdin").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    cursor.copy_expert(statement, _Lines("\t".join(row) + "\n" for row in zip(*columns, strict=True)))


class _Lines(io.RawIOBase):
    """A file that is made while it is read."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """The next few thousand lines; ``size`` is a hint that COPY doesn't insist on."""
        block = []
        room = max(size, 8192)
        for line in self._lines:
            block.append(line)
            room -= len(line)
            if room <= 0:
                break
        return "".join(block).encode()
