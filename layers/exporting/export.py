"""A layer written to a file: GeoPackage, Shapefile, GeoJSON, FlatGeobuf, GeoParquet or CSV, whole or not at all."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor
from pyproj import CRS

from geo.crs import STORED_SRID
from geo.errors import InvalidInput, NotFound
from layers.catalogue.catalogue import CATALOGUE
from layers.catalogue.layer import Field, Layer
from layers.database.database import Database
from layers.exporting.geopackage import name_columns
from layers.features.items_request import ItemsRequest
from layers.features.moments import CITY_ZONE
from layers.features.query import source
from layers.identity import ADMIN
from layers.loading.fields import shapefile_names

SUFFIXES: Final = (".gpkg", ".shp", ".geojson", ".fgb", ".parquet", ".csv")
"""Formats that are written, by suffix."""

_GDAL: Final = {
    ".gpkg": ("GPKG", {}),
    ".shp": ("ESRI Shapefile", {}),
    ".geojson": ("GeoJSON", {"RFC7946": "YES", "COORDINATE_PRECISION": "10"}),
    ".fgb": ("FlatGeobuf", {}),
}
_ROWS: Final = 10_000
_GEOMETRY: Final = "geom"
_TYPES: Final = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "date-time": pa.timestamp("ms", tz="UTC"),
    "array": pa.string(),
}


def export_layer(database: Database, layer_id: str, path: Path, *, history: bool = False) -> int:
    """Write a layer to a file.

    Parameters
    ----------
    database : Database
        Of the owner of the tables: every row is written.
    layer_id : str
        A layer of the catalogue.
    path : Path
        Its suffix gives the format, see `SUFFIXES`. An older file of that name is replaced once the new one is whole.
    history : bool
        Also rows that are no longer valid, of a layer with history.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    NotFound
        When there is no such layer.
    InvalidInput
        When the format is not written, can't hold the layer, or the folder is not there.

    Notes
    -----
    EPSG:4490, longitude first. Columns have the names of the fields, which `layers.loading.load.load_file` knows again;
    GeoPackage and GeoParquet carry the Chinese titles with them. A Shapefile has ten letters for a name: they are
    those of `layers.loading.fields.shapefile_names`, and ``NAME.fields.csv`` beside it says what they stand for. It
    has no times either: they are text, as the city's clock shows them. GeoJSON is RFC 7946 and names no CRS.
    """
    layer = CATALOGUE.get(layer_id)
    if layer is None:
        raise NotFound("export.layer", layer=layer_id, layers=", ".join(CATALOGUE))
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InvalidInput("export.format", file=path.name, formats=" ".join(SUFFIXES))
    if suffix == ".shp" and layer.geometry_type == "Geometry":
        raise InvalidInput("export.mixed", layer=layer_id)
    try:
        held = tempfile.TemporaryDirectory(prefix=".wangge-", dir=path.parent)
    except OSError:
        raise InvalidInput("export.folder", folder=str(path.parent)) from None
    with held as folder, database.transaction(ADMIN) as cur:
        written = Path(folder) / path.name
        rows = _Rows(cur, layer, history=history)
        if suffix == ".csv":
            _write_csv(written, layer, rows)
        elif suffix == ".parquet":
            _write_parquet(written, layer, rows)
        else:
            _write_gdal(written, layer, rows, suffix)
        # the file that gives the set its name comes last, so that it never stands without the others
        for part in sorted(written.parent.iterdir(), key=lambda part: part.suffix.lower() == suffix):
            part.replace(path.parent / part.name)
    return rows.count


class _Rows:
    """Rows of a layer from a cursor on the server, some at a time.

    Attributes
    ----------
    count : int
        Rows given out so far.
    """

    def __init__(self, cur: Cursor, layer: Layer, *, history: bool) -> None:
        self.count = 0
        self._cur = cur
        columns = sql.SQL(", ").join(sql.Identifier(name) for name in layer.names)
        today: sql.Composable = sql.SQL("")
        if layer.current_only and not history:
            begins, ends = map(sql.Identifier, layer.time)
            today = sql.SQL(" where {0} <= current_date and ({1} is null or {1} > current_date)").format(begins, ends)
        # what is summed for each request is written by month
        rows = source(layer, ItemsRequest(sortby=(("month", False),)))
        cur.execute(
            sql.SQL("declare exported cursor for select {}, st_asbinary(geom) from {}{} order by fid").format(
                columns, sql.SQL(rows.text), today
            ),
            rows.values,
        )

    def __iter__(self) -> Iterator[list[tuple[Any, ...]]]:
        while True:
            self._cur.execute(sql.SQL("fetch {} from exported").format(sql.Literal(_ROWS)))
            rows = self._cur.fetchall()
            if not rows:
                return
            self.count += len(rows)
            yield rows


def _schema(fields: tuple[Field, ...], names: dict[str, str], *, times_as_text: bool) -> pa.Schema:
    """Arrow schema with the titles as metadata; the geometry is the last column, as WKB."""
    columns = []
    for field in fields:
        type_ = pa.string() if times_as_text and field.type == "date-time" else _TYPES[field.type]
        titles = {"title_zh": field.title.zh, "title_en": field.title.en} | ({"unit": field.unit} if field.unit else {})
        columns.append(pa.field(names[field.name], type_, metadata=titles))
    return pa.schema([*columns, pa.field(_GEOMETRY, pa.binary())])


def _batches(rows: _Rows, fields: tuple[Field, ...], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for portion in rows:
        columns = list(zip(*portion, strict=True))
        arrays = []
        for field, type_, column in zip(fields, schema.types, columns, strict=False):
            values: list[Any] = list(column)
            if field.type == "array":
                values = [None if value is None else ";".join(value) for value in values]
            elif field.type == "date-time" and pa.types.is_string(type_):
                values = [None if value is None else _local(value) for value in values]
            arrays.append(pa.array(values, type=type_))
        arrays.append(pa.array([None if shape is None else bytes(shape) for shape in columns[-1]], type=pa.binary()))
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _local(moment: Any) -> str:
    """A moment on the city's clock, ISO 8601."""
    text: str = moment.astimezone(CITY_ZONE).isoformat(timespec="seconds")
    return text


def _write_gdal(path: Path, layer: Layer, rows: _Rows, suffix: str) -> None:
    driver, options = _GDAL[suffix]
    shape = suffix == ".shp"
    names = shapefile_names(layer.fields) if shape else {name: name for name in layer.names}
    schema = _schema(layer.fields, names, times_as_text=shape)
    pyogrio.write_arrow(
        pa.RecordBatchReader.from_batches(schema, _batches(rows, layer.fields, schema)),
        path,
        # a Shapefile's layer is its file
        layer=path.stem if shape else layer.id,
        driver=driver,
        geometry_name=_GEOMETRY,
        geometry_type="Unknown" if layer.geometry_type == "Geometry" else layer.geometry_type,
        crs="EPSG:4326" if suffix == ".geojson" else f"EPSG:{STORED_SRID}",
        encoding="UTF-8" if shape else None,
        layer_options=options,
    )
    if shape:
        _write_names(path.with_suffix(".fields.csv"), layer, names)
    if suffix == ".gpkg":
        name_columns(path, layer)


def _write_names(path: Path, layer: Layer, names: dict[str, str]) -> None:
    """What the ten letters of a Shapefile's columns stand for."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("column", "field", "zh", "en", "unit"))
        writer.writerows(
            (names[field.name], field.name, field.title.zh, field.title.en, field.unit or "") for field in layer.fields
        )


def _write_parquet(path: Path, layer: Layer, rows: _Rows) -> None:
    """GeoParquet 1.1; its axis order is longitude first whatever the CRS says."""
    kind = {"MultiPolygon": ["MultiPolygon"], "Polygon": ["Polygon"], "Point": ["Point"]}.get(layer.geometry_type, [])
    crs = CRS.from_epsg(STORED_SRID).to_json_dict()
    column = {"encoding": "WKB", "geometry_types": kind, "crs": crs, "orientation": None, "edges": "planar"}
    column = {name: value for name, value in column.items() if value is not None}
    geo = {"version": "1.1.0", "primary_column": _GEOMETRY, "columns": {_GEOMETRY: column}}
    names = {name: name for name in layer.names}
    schema = _schema(layer.fields, names, times_as_text=False).with_metadata(
        {"geo": json.dumps(geo, ensure_ascii=False)}
    )
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in _batches(rows, layer.fields, schema):
            writer.write_batch(batch)


def _write_csv(path: Path, layer: Layer, rows: _Rows) -> None:
    """Points as lon and lat, anything else as WKT; with a mark, so that a spreadsheet reads the Chinese."""
    points = layer.geometry_type == "Point"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow((*layer.names, *(("lon", "lat") if points else ("wkt",))))
        for portion in rows:
            shapes = shapely.from_wkb([None if row[-1] is None else bytes(row[-1]) for row in portion])
            places: Iterable[tuple[Any, ...]]
            if points:
                places = zip(shapely.get_x(shapes).tolist(), shapely.get_y(shapes).tolist(), strict=True)
            else:
                places = ((text,) for text in shapely.to_wkt(shapes, rounding_precision=8).tolist())
            for row, place in zip(portion, places, strict=True):
                values = (_cell(value, field) for value, field in zip(row, layer.fields, strict=False))
                writer.writerow((*values, *place))


def _cell(value: Any, field: Field) -> Any:
    if value is None:
        return ""
    if field.type == "date-time":
        return _local(value)
    if field.type == "array":
        return ";".join(value)
    if field.type == "boolean":
        return "true" if value else "false"
    return value
