"""GeoPackage, Shapefile and FlatGeobuf, by GDAL."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from geo.errors import WanggeError
from layers.exporting.columns import GEOMETRY, batches, schema_of
from layers.exporting.formats import Format
from layers.exporting.geopackage import name_columns
from layers.exporting.rows import Rows
from layers.loading.fields import shapefile_names

MOST_INDEXED = 250_000
"""Features that a FlatGeobuf has an index for: 200,000 took 60 MB of memory while they were written."""


def write_gdal(path: Path, rows: Rows, format_: Format, encoding: str) -> None:
    """Write a file that GDAL has a driver for.

    Parameters
    ----------
    path : Path
        The new file.
    rows : Rows
        Read to their end.
    format_ : Format
        With a driver.
    encoding : str
        Of a Shapefile's texts; the others are UTF-8.

    Notes
    -----
    A Shapefile has ten letters for a name: they are those of `layers.loading.fields.shapefile_names`, and
    ``NAME.fields.csv`` beside it says what they stand for. It has no times either: they are text, as the city's clock
    shows them.
    """
    layer, request = rows.layer, rows.request
    shape = format_.id == "shp"
    names = shapefile_names(layer.fields) if shape else {name: name for name in layer.names}
    schema = schema_of(rows, names, times_as_text=shape)
    options = dict(format_.options)
    if format_.id == "fgb" and (request.sortby or rows.are_more_than(MOST_INDEXED)):
        # its index keeps the features in an order of its own, and is made in memory
        options["SPATIAL_INDEX"] = "NO"
    portions = _Portions(batches(rows, schema, encoding=encoding if shape else None))
    try:
        _write(path, rows, format_, portions.reader(schema), encoding=encoding, options=options)
    except (pa.ArrowException, DataSourceError, DataLayerError, FeatureError, RuntimeError) as error:
        # what went wrong with the rows, and not that GDAL got no more of them
        if portions.error is not None:
            raise portions.error from error
        raise
    if shape:
        _write_names(path.with_suffix(".fields.csv"), rows, names)
    if format_.id == "gpkg":
        name_columns(path, layer, rows.fields)


class _Portions:
    """Batches on their way through GDAL, which tells of an error only that there was one."""

    def __init__(self, batches_: Iterator[pa.RecordBatch]) -> None:
        self.error: WanggeError | None = None
        self._batches = batches_

    def reader(self, schema: pa.Schema) -> pa.RecordBatchReader:
        """The batches as GDAL takes them."""
        return pa.RecordBatchReader.from_batches(schema, iter(self))

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._batches
        except WanggeError as error:
            self.error = error
            raise


def _write(
    path: Path, rows: Rows, format_: Format, reader: pa.RecordBatchReader, *, encoding: str, options: dict[str, str]
) -> None:
    layer, shape = rows.layer, format_.id == "shp"
    pyogrio.write_arrow(
        reader,
        path,
        # a Shapefile's layer is its file
        layer=path.stem if shape else layer.id,
        driver=format_.driver,
        geometry_name=GEOMETRY,
        geometry_type="Unknown" if layer.geometry_type == "Geometry" else layer.geometry_type,
        crs=f"EPSG:{rows.srid}",
        encoding=encoding if shape else None,
        layer_options=options,
    )


def _write_names(path: Path, rows: Rows, names: dict[str, str]) -> None:
    """What the ten letters of a Shapefile's columns stand for."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("column", "field", "zh", "en", "unit"))
        writer.writerows(
            (names[field.name], field.name, field.title.zh, field.title.en, field.unit or "") for field in rows.fields
        )
