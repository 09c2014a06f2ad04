"""What one layer is: its words, its table, its fields, who may read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from layers.text import Text

FieldType = Literal["string", "integer", "number", "boolean", "date", "date-time", "array"]
GeometryType = Literal["Point", "Polygon", "MultiPolygon", "Geometry"]


@dataclass(frozen=True)
class Field:
    """A column that clients see.

    Attributes
    ----------
    name : str
        Column and property name, snake_case English.
    title : Text
        What staff call it.
    type : str
        JSON type, or ``date`` and ``date-time``, or ``array`` (of strings).
    unit : str or None
        Unit of a number: ``m``, ``m2``, ``deg``, or None.
    values : mapping of str to Text
        Meaning of each value of a coded field; empty for any other.
    written : bool
        Whether clients may write it; of a layer that nobody writes none is.
    """

    name: str
    title: Text
    type: FieldType = "string"
    unit: str | None = None
    values: tuple[tuple[str, Text], ...] = ()
    written: bool = False


@dataclass(frozen=True)
class Style:
    """How a layer is drawn on the map page and in QGIS.

    Attributes
    ----------
    colour : str
        ``#rrggbb`` of the symbol.
    by : str or None
        Field that chooses among ``colours``.
    colours : tuple of (value, colour)
        For a text field a colour a value; for a number a colour from a value upwards.
    hidden : tuple of str
        Values of ``by`` that are not drawn.
    first_on_top : bool
        Where areas lie on one another, that of the first of the ``colours`` is seen; otherwise that of the last.
    label : str or None
        Field written on the map.
    width : float
        Line width, or the radius of a point, in pixels.
    opacity : float
        Of the fill, 0 to 1.
    """

    colour: str
    by: str | None = None
    colours: tuple[tuple[str | float, str], ...] = ()
    hidden: tuple[str, ...] = ()
    first_on_top: bool = False
    label: str | None = None
    width: float = 1.0
    opacity: float = 0.35


@dataclass(frozen=True)
class Layer:
    """A layer of the service; every part of it that is written elsewhere comes from here.

    Attributes
    ----------
    id : str
        Collection id, kebab-case.
    title, description : Text
        What it is.
    table : str
        Table or view in the schema ``wangge``.
    tables : tuple of str
        Tables that a view shows; empty for a table.
    geometry_type : str
        GeoJSON type of its geometries.
    id_field : str
        Column with the feature's id.
    fields : tuple of Field
        Columns that clients see, in order.
    time : tuple of str
        One column (an instant) or two (from, until; an open end is null); empty for none.
    current_only : bool
        Without ``datetime`` only what is valid now is shown, so that a map never draws yesterday's borders over
        today's.
    readers : str
        Least role that may read: ``public``, ``staff`` or ``editor``.
    writers : str or None
        Least role that may write features over HTTP; None where nobody may.
    parameters : tuple of str
        Query parameters that only its features take.
    row_rule : str
        Row-level rule in SQL for those below staff's reach, with the township rule for staff of one township.
    released : bool
        Whether all but staff of the whole city see what was released of it, and not how it stands.
    tiles : tuple of int or None
        Least and greatest zoom of its vector tiles.
    tile_fields : tuple of str
        Columns that tiles carry.
    style : Style
        How it is drawn.
    required : tuple of str
        Fields that every row should have a value in; none of them makes a row wrong, but completeness counts them.
    record : bool
        Whether its features are records of a catalogue, which are looked for by words.
    """

    id: str
    title: Text
    description: Text
    table: str
    geometry_type: GeometryType
    id_field: str
    fields: tuple[Field, ...]
    style: Style
    time: tuple[str, ...] = ()
    current_only: bool = False
    readers: Literal["public", "staff", "editor"] = "public"
    writers: Literal["editor", "admin"] | None = None
    parameters: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    row_rule: str = "true"
    released: bool = False
    tiles: tuple[int, int] | None = (0, 22)
    tile_fields: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    record: bool = False

    def field(self, name: str) -> Field | None:
        """The field of that name, or None."""
        return next((field for field in self.fields if field.name == name), None)

    @property
    def dated(self) -> bool:
        """Whether its features are valid for whole days, so that there is a map of any day."""
        first = self.field(self.time[0]) if self.current_only else None
        return first is not None and first.type == "date"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fields in order."""
        return tuple(field.name for field in self.fields)
