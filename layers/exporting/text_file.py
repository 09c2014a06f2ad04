"""CSV, GeoJSON and JSON-FG: text, written a portion at a time."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import shapely

from layers.catalogue.layer import Field
from layers.exporting.columns import encoded, local
from layers.exporting.formats import ENCODINGS
from layers.exporting.rows import Rows
from layers.features.jsonfg_text import collection_members

_DEGREE_DIGITS = 8
_METRE_DIGITS = 4


def write_csv(path: Path, rows: Rows, encoding: str) -> None:
    """Write points as lon and lat (x and y in metres), anything else as WKT; UTF-8 with a mark, so that a spreadsheet
    reads the Chinese.

    Raises
    ------
    InvalidInput
        For a character that the encoding doesn't have.
    """
    points = rows.layer.geometry_type == "Point"
    degrees = rows.srid in (4326, 4490)
    place_names = () if not rows.request.geometry else _place_names(points=points, degrees=degrees)
    codec = "utf-8-sig" if encoding == "UTF-8" else ENCODINGS[encoding]
    with path.open("w", encoding=codec, newline="") as file:
        writer = csv.writer(file)
        writer.writerow((*(field.name for field in rows.fields), *place_names))
        for portion in rows:
            places: Iterable[tuple[Any, ...]]
            shapes = shapely.from_wkb([None if row[-1] is None else bytes(row[-1]) for row in portion])
            if not rows.request.geometry:
                places = [()] * len(portion)
            elif points:
                places = zip(shapely.get_x(shapes).tolist(), shapely.get_y(shapes).tolist(), strict=True)
            else:
                digits = _DEGREE_DIGITS if degrees else _METRE_DIGITS
                places = ((text,) for text in shapely.to_wkt(shapes, rounding_precision=digits).tolist())
            for row, place in zip(portion, places, strict=True):
                values = (_cell(value, field, encoding) for value, field in zip(row, rows.fields, strict=False))
                writer.writerow((*values, *place))


def write_features(path: Path, rows: Rows, format_id: str) -> None:
    """Write features with the text that items have for them.

    Parameters
    ----------
    path : Path
        The new file.
    rows : Rows
        Of texts.
    format_id : str
        ``geojson`` or ``jsonfg`` for a collection, ``geojsonl`` for a feature a line.
    """
    lines = format_id == "geojsonl"
    with path.open("w", encoding="utf-8", newline="") as file:
        if not lines:
            members: dict[str, Any] = {"type": "FeatureCollection"}
            if format_id == "jsonfg":
                members |= collection_members(rows.layer, rows.request.crs)
            file.write(orjson.dumps(members).decode()[:-1] + ',"features":[\n')
        begun = False
        for portion in rows:
            between = "\n" if lines else ",\n"
            file.write((between if begun else "") + between.join(text for (text,) in portion))
            begun = True
        file.write("" if lines and not begun else "\n" if lines else "\n]}\n")


def _place_names(*, points: bool, degrees: bool) -> tuple[str, ...]:
    if not points:
        return ("wkt",)
    return ("lon", "lat") if degrees else ("x", "y")


def _cell(value: Any, field: Field, encoding: str) -> Any:
    if value is None:
        return ""
    if field.type == "date-time":
        return local(value)
    if field.type == "array":
        value = ";".join(value)
    if field.type == "boolean":
        return "true" if value else "false"
    if encoding != "UTF-8" and isinstance(value, str):
        encoded(value, field, encoding)
    return value
