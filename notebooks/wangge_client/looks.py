"""How the service draws a layer and names its fields, so that a map here looks like the service's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wangge_client.connection import Connection

PLAIN = "#2e6f9e"
"""Of what belongs to no layer."""


@dataclass(frozen=True)
class Look:
    """Colours and words of a layer.

    Attributes
    ----------
    title : str
        Of the layer.
    colour : str
        ``#rrggbb`` of what falls in no class.
    by : str or None
        Field that chooses among ``classes``.
    classes : tuple of (value, colour)
        Of a number each value is the least of its class.
    stepped : bool
        Whether the classes are those of a number.
    opacity : float
        Of areas and points, 0 to 1.
    width : float
        Of lines, or the radius of points, in pixels.
    fields : mapping
        What the layer's schema says of each field: title, unit, meaning of values.
    """

    title: str = ""
    colour: str = PLAIN
    by: str | None = None
    classes: tuple[tuple[Any, str], ...] = ()
    stepped: bool = False
    opacity: float = 0.35
    width: float = 1.2
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def title_of(self, name: str) -> str:
        """What a field is called; its name where the layer has no such field."""
        return str(self.fields.get(name, {}).get("title", name))

    def unit_of(self, name: str) -> str:
        """Unit of a field with a blank before it, or nothing."""
        unit = self.fields.get(name, {}).get("x-ogc-unit")
        return f" {re.sub(r'(?<=m)([23])$', lambda found: '²³'[int(found[1]) - 2], unit)}" if unit else ""

    def meanings(self, name: str) -> dict[str, str]:
        """What the values of a coded field mean."""
        entry = self.fields.get(name, {})
        values = [re.escape(str(value)) for value in entry.get("enum", [])]
        if not values:
            return {}
        one = "|".join(values)
        found = re.findall(rf"(?:^|; )({one}) = (.*?)(?=; (?:{one}) = |$)", str(entry.get("description", "")))
        return dict(found)


def look_of(connection: Connection, layer: str) -> Look:
    """How a layer of the service looks.

    Raises
    ------
    ServiceError
        When there is no such layer, or the key may not read it.
    """
    style = connection.send("GET", f"collections/{layer}/style", params={"f": "mapbox"}).json()
    fields = connection.get(f"collections/{layer}/schema")["properties"]
    return look(connection.get(f"collections/{layer}")["title"], style, fields)


def look(title: str, style: Mapping[str, Any], fields: Mapping[str, Mapping[str, Any]]) -> Look:
    """A Mapbox GL style of the service, and the schema of the same layer, as a look.

    Parameters
    ----------
    title : str
        Of the layer.
    style : mapping
        The style: a colour, ``match`` on a field, ``step`` on a number, or a line a class, as the service writes them.
    fields : mapping
        Properties of the schema.
    """
    # of points that are counted when far away, what is drawn from near
    drawn = [one for one in style["layers"] if one["type"] != "background" and "-count-" not in one["id"]]
    paints = {one["type"]: one["paint"] for one in drawn}
    kind = "fill" if "fill" in paints else "circle"
    paint = paints[kind]
    colour, opacity = paint[f"{kind}-color"], float(paint[f"{kind}-opacity"])
    size = paints["line"]["line-width"] if kind == "fill" else paint["circle-radius"]
    width = float(size[-1] if isinstance(size, list) else size)
    lines = [one for one in drawn if one["type"] == "line" and one.get("filter", [""])[0] == "=="]
    if isinstance(colour, str) and lines:
        # borders of several levels, each with a width of its own: a frame is drawn with that in the middle
        widths = sorted(float(one["paint"]["line-width"][-1]) for one in lines)
        by = lines[0]["filter"][1][1]
        classes = tuple((one["filter"][2], one["paint"]["line-color"]) for one in lines)
        return Look(title, colour, by, classes, False, opacity, widths[len(widths) // 2], fields)
    if isinstance(colour, str):
        return Look(title, colour, opacity=opacity, width=width, fields=fields)
    if colour[0] == "match":
        classes = tuple(zip(colour[2:-1:2], colour[3:-1:2], strict=True))
        return Look(title, colour[-1], colour[1][1], classes, False, opacity, width, fields)
    classes = tuple(zip(colour[3::2], colour[4::2], strict=True))
    return Look(title, colour[2], colour[1][1][1], classes, True, opacity, width, fields)
