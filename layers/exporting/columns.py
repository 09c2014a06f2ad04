"""Rows as Arrow columns, with titles and units as metadata: what GDAL and Parquet are fed with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from geo.errors import InvalidInput
from layers.catalogue.layer import Field
from layers.exporting.formats import ENCODINGS
from layers.exporting.rows import Rows
from layers.features.moments import CITY_ZONE

GEOMETRY: Final = "geom"
LONGEST_TEXT: Final = 254
"""Bytes that a Shapefile has for a text."""

_TYPES: Final = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "date-time": pa.timestamp("ms", tz="UTC"),
    "array": pa.string(),
}


def schema_of(rows: Rows, names: dict[str, str], *, times_as_text: bool = False) -> pa.Schema:
    """Arrow schema with the titles as metadata; the geometry, if it is wanted, is the last column, as WKB.

    Parameters
    ----------
    names : dict of str to str
        Name of the column by field.
    times_as_text : bool
        For a format that knows days but no moments.
    """
    columns = []
    for field in rows.fields:
        type_ = pa.string() if times_as_text and field.type == "date-time" else _TYPES[field.type]
        titles = {"title_zh": field.title.zh, "title_en": field.title.en} | ({"unit": field.unit} if field.unit else {})
        columns.append(pa.field(names[field.name], type_, metadata=titles))
    return pa.schema([*columns, pa.field(GEOMETRY, pa.binary())] if rows.request.geometry else columns)


def batches(rows: Rows, schema: pa.Schema, *, encoding: str | None = None) -> Iterator[pa.RecordBatch]:
    """Rows as batches of a schema of `schema_of`.

    Parameters
    ----------
    encoding : str, optional
        Of a Shapefile, whose texts have to fit: GDAL would cut them off, or write question marks.

    Raises
    ------
    InvalidInput
        Naming the text that doesn't fit, and what to do.
    """
    for portion in rows:
        columns = list(zip(*portion, strict=True))
        arrays = []
        for field, type_, column in zip(rows.fields, schema.types, columns, strict=False):
            values: list[Any] = list(column)
            if field.type == "array":
                values = [None if value is None else ";".join(value) for value in values]
            elif field.type == "date-time" and pa.types.is_string(type_):
                values = [None if value is None else local(value) for value in values]
            if encoding is not None and pa.types.is_string(type_):
                _check_texts(field, values, encoding)
            arrays.append(pa.array(values, type=type_))
        if rows.request.geometry:
            shapes = [None if shape is None else bytes(shape) for shape in columns[-1]]
            arrays.append(pa.array(shapes, type=pa.binary()))
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def local(moment: Any) -> str:
    """A moment on the city's clock, ISO 8601."""
    text: str = moment.astimezone(CITY_ZONE).isoformat(timespec="seconds")
    return text


def encoded(text: str, field: Field, encoding: str) -> bytes:
    """A text in an encoding.

    Raises
    ------
    InvalidInput
        Naming the character that the encoding doesn't have.
    """
    try:
        return text.encode(ENCODINGS[encoding])
    except UnicodeEncodeError as error:
        character = error.object[error.start]
        raise InvalidInput(
            "export.character", field=field.name, value=text[:60], character=character, encoding=encoding
        ) from error


def _check_texts(field: Field, values: list[str | None], encoding: str) -> None:
    for value in values:
        if value is not None and len(encoded(value, field, encoding)) > LONGEST_TEXT:
            raise InvalidInput("export.long", field=field.name, value=value[:60], most=LONGEST_TEXT)
