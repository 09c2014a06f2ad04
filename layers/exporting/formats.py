"""The formats in which a layer leaves as a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from geo.errors import InvalidInput
from layers.catalogue.layer import Layer
from layers.features.items_request import ItemsRequest
from layers.text import Text


@dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes
    ----------
    id : str
        What ``f=`` takes.
    suffix : str
        Of its files, with the dot.
    media_types : tuple of str
        The one that is sent, and others under which clients ask for it.
    title : Text
        What people call it.
    driver : str or None
        GDAL's driver that writes it; None where we do.
    options : tuple of (str, str)
        Layer creation options of the driver.
    text : bool
        Whether the file is text, which packs well on its way.
    degrees : bool
        Whether it is longitude and latitude of WGS 84 unless another CRS is asked for.
    zipped : bool
        Whether it is several files, which travel as one ZIP.
    """

    id: str
    suffix: str
    media_types: tuple[str, ...]
    title: Text
    driver: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    text: bool = False
    degrees: bool = False
    zipped: bool = False

    @property
    def media_type(self) -> str:
        """Media type of what is sent."""
        return self.media_types[0]


FORMATS: Final = {
    format_.id: format_
    for format_ in (
        Format(
            "gpkg",
            ".gpkg",
            ("application/geopackage+sqlite3",),
            Text("GeoPackage", "GeoPackage"),
            driver="GPKG",
        ),
        Format(
            "shp",
            ".shp",
            ("application/vnd.shp+zip", "application/x-shapefile"),
            Text("Shapefile（ZIP）", "Shapefile (ZIP)"),
            driver="ESRI Shapefile",
            # columns as wide as their values: 80 bytes for every text would be gigabytes for a year of cases
            options=(("RESIZE", "YES"),),
            zipped=True,
        ),
        Format(
            "fgb",
            ".fgb",
            ("application/flatgeobuf", "application/vnd.flatgeobuf"),
            Text("FlatGeobuf", "FlatGeobuf"),
            driver="FlatGeobuf",
        ),
        Format(
            "parquet",
            ".parquet",
            ("application/vnd.apache.parquet",),
            Text("GeoParquet", "GeoParquet"),
        ),
        Format("csv", ".csv", ("text/csv",), Text("CSV", "CSV"), text=True),
        Format(
            "geojsonl",
            ".geojsonl",
            ("application/geo+json-seq", "application/x-ndjson"),
            Text("GeoJSON（每行一个要素）", "GeoJSON, a feature a line"),
            text=True,
            degrees=True,
        ),
        Format("geojson", ".geojson", ("application/geo+json",), Text("GeoJSON", "GeoJSON"), text=True, degrees=True),
        Format("jsonfg", ".jsonfg", ("application/geo+json",), Text("JSON-FG", "JSON-FG"), text=True, degrees=True),
    )
}
"""Every format by its id. GeoJSON and JSON-FG are pages over HTTP, which say where the next one is."""

SUFFIXES: Final = tuple(format_.suffix for format_ in FORMATS.values())
"""Formats that are written, by suffix."""

DOWNLOADS: Final = {id_: format_ for id_, format_ in FORMATS.items() if id_ not in ("geojson", "jsonfg")}
"""Formats that hold the whole of a request over HTTP, by id."""

ENCODINGS: Final = {"UTF-8": "utf-8", "GBK": "gbk"}
"""Encodings of a Shapefile and of CSV, and what Python calls them."""


def check_holds(format_: Format, layer: Layer, request: ItemsRequest, encoding: str) -> None:
    """See that a format can hold what is asked for.

    Raises
    ------
    InvalidInput
        Saying what it can't hold and which format can.
    """
    if format_.id == "shp" and layer.geometry_type == "Geometry":
        raise InvalidInput("export.mixed", layer=layer.id)
    if not request.geometry and format_.id != "csv" and format_.driver is not None:
        raise InvalidInput("export.geometry", format=format_.id)
    if encoding not in ENCODINGS:
        raise InvalidInput("query.value", parameter="encoding", value=encoding[:40], wanted=", ".join(ENCODINGS))
    if encoding != "UTF-8" and format_.id not in ("shp", "csv"):
        raise InvalidInput("export.encoding", format=format_.id, encoding=encoding)
    if request.hits_only:
        raise InvalidInput("query.value", parameter="resulttype", value="hits", wanted="results")
    if format_.degrees and format_.id != "jsonfg" and not request.crs.endswith("CRS84"):
        raise InvalidInput("export.degrees", format=format_.id, crs=request.crs)
