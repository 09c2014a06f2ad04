"""A layer, or what is asked of one, written to a file: whole or not at all, in memory that does not grow with it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from geo.crs import STORED_SRID, uri_of
from geo.errors import InvalidInput, NotFound
from layers.catalogue.catalogue import CATALOGUE
from layers.catalogue.layer import Layer
from layers.database.database import Database
from layers.exporting.formats import FORMATS, SUFFIXES, Format, check_holds
from layers.exporting.gdal_file import write_gdal
from layers.exporting.parquet_file import write_parquet
from layers.exporting.rows import Rows
from layers.exporting.text_file import write_csv, write_features
from layers.features.items_request import ItemsRequest, parse_items_request
from layers.heat.heat_request import HEAT
from layers.identity import ADMIN, Identity


def export_layer(
    database: Database,
    layer_id: str,
    path: Path,
    params: Mapping[str, str] | None = None,
    *,
    encoding: str = "UTF-8",
    metric_srid: int = 4549,
) -> int:
    """Write a layer, or a part of it, to a file.

    Parameters
    ----------
    database : Database
        Of the owner of the tables: row-level security hides nothing.
    layer_id : str
        A layer of the catalogue.
    path : Path
        Its suffix gives the format, see `SUFFIXES`. An older file of that name is replaced once the new one is whole.
    params : mapping of str to str, optional
        Which features, as ``/items`` takes it: ``bbox``, ``datetime``, ``filter``, ``properties``, ``sortby``,
        ``crs``, ``limit``. A layer with history without ``datetime`` holds what is valid now; ``../..`` is all of it.
    encoding : str
        ``UTF-8`` or ``GBK``, of a Shapefile or CSV.
    metric_srid : int
        The city's metric CRS.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    NotFound
        When there is no such layer.
    InvalidInput
        When the format is not written, can't hold what is asked for, or the folder is not there.

    Notes
    -----
    EPSG:4490, longitude first, unless ``crs`` says another; GeoJSON is RFC 7946 and names none. Columns have the names
    of the fields, which `layers.loading.load.load_file` knows again; GeoPackage and GeoParquet carry the Chinese titles
    with them.
    """
    layer = CATALOGUE.get(layer_id)
    if layer is None:
        raise NotFound("export.layer", layer=layer_id, layers=", ".join(CATALOGUE))
    format_ = next((format_ for format_ in FORMATS.values() if format_.suffix == path.suffix.lower()), None)
    if format_ is None:
        raise InvalidInput("export.format", file=path.name, formats=" ".join(SUFFIXES))
    request = parse_items_request(layer, params or {}, metric_srid=metric_srid, whole=True)
    if not format_.degrees and "crs" not in (params or {}):
        request = replace(request, crs=uri_of(STORED_SRID))
    if layer_id == HEAT and not request.sortby:
        # what is summed for each request is written by month
        request = replace(request, sortby=(("month", False),))
    try:
        held = tempfile.TemporaryDirectory(prefix=".wangge-", dir=path.parent)
    except OSError:
        raise InvalidInput("export.folder", folder=str(path.parent)) from None
    with held as folder:
        written = Path(folder) / path.name
        count = write_file(database, layer, request, format_, written, encoding=encoding, identity=ADMIN)
        # the file that gives the set its name comes last, so that it never stands without the others
        for part in sorted(written.parent.iterdir(), key=lambda part: part.suffix.lower() == format_.suffix):
            part.replace(path.parent / part.name)
    return count


def write_file(
    database: Database,
    layer: Layer,
    request: ItemsRequest,
    format_: Format,
    path: Path,
    *,
    encoding: str = "UTF-8",
    identity: Identity | None = None,
) -> int:
    """Write the features of a request, as whoever asks may see them, in one snapshot of the database.

    Parameters
    ----------
    path : Path
        A new file in a folder of its own: a Shapefile puts others beside it.
    identity : Identity, optional
        The context's when not given.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    InvalidInput
        When the format can't hold what is asked for.
    """
    check_holds(format_, layer, request, encoding)
    if format_.id == "jsonfg" and request.profile == "rfc7946":
        request = replace(request, profile="jsonfg")
    with database.transaction(identity) as cur:
        rows = Rows(cur, layer, request, texts=format_.text and format_.id != "csv")
        if format_.driver is not None:
            write_gdal(path, rows, format_, encoding)
        elif format_.id == "parquet":
            write_parquet(path, rows)
        elif format_.id == "csv":
            write_csv(path, rows, encoding)
        else:
            write_features(path, rows, format_.id)
    return rows.count
