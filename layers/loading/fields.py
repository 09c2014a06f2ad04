"""Which column of a file goes into which field of a layer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from geo.errors import InvalidInput
from layers.catalogue.layer import Field, Layer
from layers.loading.converting import DIRECTION_TYPE

SHAPEFILE_NAME: Final = 10
"""Bytes that a Shapefile has for the name of a column."""

NO_COLUMN: Final = "-"
"""Stands for a column in a mapping where a field is to stay empty."""

_RANKS: Final = 4

# What standards call a field, where that is neither our name nor a title.
_OTHER_NAMES: Final = {
    ("cameras", "device_id"): ("deviceid", "国标编码", "设备国标编码"),
    ("cameras", "azimuth_deg"): (DIRECTION_TYPE,),
    ("cameras", "ptz_type"): ("ptztype",),
}


@dataclass(frozen=True)
class Matching:
    """Columns by field.

    Attributes
    ----------
    columns : dict of str to str
        Column of the file by field of the layer.
    unused : tuple of str
        Columns that no field takes.
    """

    columns: dict[str, str]
    unused: tuple[str, ...]


def match_columns(
    layer: Layer, fields: Sequence[Field], columns: Sequence[str], mapping: Mapping[str, str], file: str
) -> Matching:
    """Find the column of each field: the one that the caller names, else the one called like it.

    Parameters
    ----------
    layer : Layer
        Where the file goes.
    fields : sequence of Field
        Those of its fields that can be loaded.
    columns : sequence of str
        Those of the file.
    mapping : mapping of str to str
        Column by field, where the names don't say it; ``-`` leaves a field out whose column is no good.
    file : str
        Name of the file, for errors.

    Returns
    -------
    Matching
        A column is like a field when it has its name, its zh or en title, or the title with the layer's before it
        (网格名称), whatever the case, blanks and underscores; in this order, so that an exact name wins.

    Raises
    ------
    InvalidInput
        When the mapping names a field or column that is not there, or two columns are alike for one field.
    """
    known = {field.name: field for field in fields}
    unknown = next((name for name in mapping if name not in known), None)
    if unknown is not None:
        raise InvalidInput("load.map-field", field=unknown, layer=layer.id, fields=", ".join(known))
    left_out = {name for name, column in mapping.items() if column == NO_COLUMN and column not in columns}
    found = {name: _named(column, name, columns) for name, column in mapping.items() if name not in left_out}
    free = [column for column in columns if column not in found.values()]
    for rank in range(_RANKS):
        for field in fields:
            if field.name in found or field.name in left_out:
                continue
            words = _words(layer, field, rank)
            alike = [column for column in free if _folded(column) in words]
            if len(alike) > 1:
                raise InvalidInput("load.alike", field=field.name, columns=", ".join(alike), file=file)
            if alike:
                found[field.name] = alike[0]
                free.remove(alike[0])
    return Matching(found, tuple(free))


def check_complete(
    layer: Layer, matching: Matching, required: Iterable[str], columns: Sequence[str], file: str
) -> None:
    """InvalidInput when fields that a row can't do without have no column, naming them and the way to map one."""
    missing = [name for name in required if name not in matching.columns]
    if missing:
        titles = [f"{name} ({field.title.zh})" for name in missing if (field := layer.field(name))]
        raise InvalidInput(
            "load.missing-field",
            file=file,
            layer=layer.id,
            fields=", ".join(titles),
            columns=", ".join(columns) or "-",
            example=missing[0],
        )


def is_field(layer: Layer, column: str) -> bool:
    """Whether a column is called like any field of a layer, also one that the database fills itself."""
    return any(_folded(column) in _words(layer, field, rank) for field in layer.fields for rank in range(_RANKS))


def shapefile_names(fields: Sequence[Field]) -> dict[str, str]:
    """Name of each field in a Shapefile: its first ten letters, the last ones a number where two would be one.

    Examples
    --------
    >>> from layers.catalogue.catalogue import CATALOGUE
    >>> names = shapefile_names(CATALOGUE["grids"].fields)
    >>> names["village_code"], names["info_managers"], names["code"]
    ('village_co', 'info_manag', 'code')
    """
    names: dict[str, str] = {}
    for field in fields:
        short, number = field.name[:SHAPEFILE_NAME], 1
        while short in names.values():
            number += 1
            short = f"{field.name[: SHAPEFILE_NAME - len(str(number))]}{number}"
        names[field.name] = short
    return names


def _words(layer: Layer, field: Field, rank: int) -> frozenset[str]:
    """What a column may be called, the surest first: name, titles, titles after the layer's, names elsewhere."""
    english = field.title.en.partition(" (")[0]
    words: tuple[str, ...]
    match rank:
        case 0:
            words = (field.name, shapefile_names(layer.fields)[field.name])
        case 1:
            words = (field.title.zh, field.title.en, english)
        case 2:
            words = (layer.title.zh + field.title.zh, f"{layer.title.en} {english}")
        case _:
            words = _OTHER_NAMES.get((layer.id, field.name), ())
    return frozenset(_folded(word) for word in words)


def _named(column: str, field: str, columns: Sequence[str]) -> str:
    if column in columns:
        return column
    same = [name for name in columns if _folded(name) == _folded(column)]
    if len(same) != 1:
        raise InvalidInput("load.map-column", field=field, column=column, columns=", ".join(columns))
    return same[0]


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]", "", unicodedata.normalize("NFKC", name)).casefold()
