"""Maps to pan and zoom in a notebook: folium's, in a page that has all it needs in itself and asks nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from branca.element import MacroElement

from wangge_client.colouring import Colouring, colouring
from wangge_client.connection import Connection
from wangge_client.looks import Look, look_of
from wangge_client.page import Call, Text, label, page
from wangge_client.tips import tips

_HEIGHT = 460
_DEEPEST = 20
_DIGITS = 6
"""Of a degree: 0.1 m, less than a pixel at the deepest zoom."""
_BORDER = "#56606b"
_RAMP = "case-heat"
"""The layer whose colours numbers take."""
_WORDS = {
    "zh": {"legend": "图例", "map": "可缩放的地图", "none": "空"},
    "en": {"legend": "Legend", "map": "A map to pan and zoom", "none": "empty"},
}


class Map(folium.Map):
    """A map of tables: made by `City.map`, added to by `add`, and shown where a notebook's cell ends with it.

    It is a ``folium.Map``: ``save("map.html")`` writes one file that works anywhere, and what folium has for it can be
    added, as long as it brings no script of its own.

    Parameters
    ----------
    connection : Connection
        The service that says how layers look.
    **options
        Of ``folium.Map``, such as ``prefer_canvas=True`` for thousands of points; ``height`` in pixels.
    """

    # folium's own come from other addresses
    default_js: list[tuple[str, str]] = []
    default_css: list[tuple[str, str]] = []

    def __init__(self, connection: Connection, **options: Any) -> None:
        height = options.pop("height", _HEIGHT)
        given = {"tiles": None, "zoom_control": False, "maxZoom": _DEEPEST, "zoomSnap": 0.5}
        super().__init__(**(given | options))
        # in a notebook a frame of this height, in a file of its own the whole window
        self.get_root().height = f"{height}px"
        self._name = "Map"
        self._connection = connection
        self._attribution = connection.get("")["title"]
        self._words = _WORDS.get(connection.lang, _WORDS["en"])
        self._looks: dict[str | None, Look] = {None: Look()}
        self._bounds: list[np.ndarray] = []
        self._legend: dict[str, dict[str, str]] = {}
        self._drawn: list[str] = []
        self._controls: list[MacroElement] = []
        self._listed = False
        self.get_root().header.add_child(Text(page()), name="page")

    def add(
        self, frame: gpd.GeoDataFrame | gpd.GeoSeries, layer: str | None = None, *, column: str | None = None,
        name: str | None = None, fields: Sequence[str] | None = None, titles: Mapping[str, str] | None = None,
        colours: str | Sequence[str] | Mapping[Any, str] | None = None, opacity: float | None = None,
        width: float | None = None, choice: bool = False, show: bool = True, fit: bool = True,
        fly: str | None = None,
    ) -> Map:  # fmt: skip
        """Draw a table.

        Parameters
        ----------
        frame : GeoDataFrame or GeoSeries
            In any CRS; without one, in degrees. Rows without geometry are left out.
        layer : str, optional
            Layer that gives colours, titles, units and meanings of values.
        column : str, optional
            What the colours tell; when not given the field of the layer's style, or nothing.
        name : str, optional
            In the list of layers; the layer's title when not given.
        fields : sequence of str, optional
            Columns told under the pointer; none of them with ``[]``.
        titles : mapping, optional
            Titles of columns that the layer doesn't have, or other ones for those that it has.
        colours : str, sequence or mapping, optional
            One colour; colours of a number from low to high; a colour a value, of a number from that value on. The
            layer's own when not given.
        opacity, width : float, optional
            Of the fill, 0 to 1; of lines, or the radius of points, in pixels.
        choice : bool
            One of those of which one is seen at a time, such as the months of a year.
        show : bool
            Whether it is seen at first.
        fit : bool
            Whether the map opens on it.
        fly : str, optional
            Column whose texts make a list: the map flies to the one that is chosen.

        Returns
        -------
        Map
            This one, so that the next can be added.

        Raises
        ------
        ServiceError
            When the service has no such layer.
        KeyError
            When there is no such column.
        """
        table = frame if isinstance(frame, gpd.GeoDataFrame) else gpd.GeoDataFrame(geometry=frame)
        table = table[table.geometry.notna() & ~table.geometry.is_empty]
        look, titles = self._look(layer), dict(titles or {})
        name = name or look.title or None
        plain = pd.DataFrame(table.drop(columns=table.geometry.name))
        shapes = (table if table.crs is None else table.to_crs("OGC:CRS84")).geometry.to_numpy()
        shapes = shapely.transform(shapes, lambda points: np.round(points, _DIGITS))
        kind = _kind(shapes)
        told = colouring(plain, look, column, colours, self._ramp)
        opacity = opacity if opacity is not None else look.opacity
        width = width if width is not None else look.width
        heads, rows = tips(plain, look, self._connection.lang, fields, titles)
        drawn = folium.GeoJson(
            _collection(shapes, told.colours),
            name=label(name or self._words["map"]), overlay=not choice, show=show, control=name is not None,
            style_function=lambda one: _style(one["properties"]["colour"], opacity, width, kind, told.numbers),
            highlight_function=lambda one: {"weight": width + 2, "fillOpacity": min(opacity + 0.25, 1)},
            marker=folium.CircleMarker(radius=width, fill=True), interactive=bool(heads),
        )  # fmt: skip
        self.add_child(drawn)
        if heads:
            self.add_child(Call("tips", self, drawn, {"heads": heads, "rows": rows}))
        self._drawn.append(f"{name or self._words['map']} {len(shapes):,}")
        if fit and len(shapes):
            self._bounds.append(shapely.total_bounds(shapes))
        title = titles.get(told.column) or look.title_of(told.column) if told.column else ""
        self._remember(title, told, "line" if kind == "area" and not opacity else kind, opacity)
        if fly is not None:
            given = {"title": name or self._words["map"], "rows": _places(shapes, plain[fly])}
            self.add_child(Call("list", self, drawn, given))
            self._listed = True
        return self

    def render(self, **kwargs: Any) -> Any:
        """Write the page, with what all layers have in common; folium calls it when the map is shown or saved."""
        for control in self._controls:
            self._children.pop(control.get_name())
            self.get_root().script._children.pop(control.get_name(), None)
        listed = [one for one in self._children.values() if isinstance(one, folium.GeoJson) and one.control]
        self._controls = [folium.LayerControl(collapsed=False)] if len(listed) > 1 else []
        self._controls.append(Call("furnish", self, self, self._given()))
        for control in self._controls:
            self.add_child(control)
        return super().render(**kwargs)

    def __repr__(self) -> str:
        return f"<{self._words['map']}: {' · '.join(self._drawn) or self._words['none']}>"

    def _given(self) -> dict[str, Any]:
        box = np.array(self._bounds)
        west, south = box[:, :2].min(axis=0) if len(box) else (None, None)
        east, north = box[:, 2:].max(axis=0) if len(box) else (None, None)
        return {
            "lang": self._connection.lang, "legendLabel": self._words["legend"],
            "attribution": escape(self._attribution), "background": "#f6f6f3",
            "legend": self._legend_html(), "listed": self._listed,
            "bounds": [[south, west], [north, east]] if len(box) else None,
        }  # fmt: skip

    def _legend_html(self) -> str:
        return "".join(
            (f"<h2>{escape(title)}</h2>" if title else "") + f"<ul>{''.join(lines.values())}</ul>"
            for title, lines in self._legend.items() if lines
        )  # fmt: skip

    def _look(self, layer: str | None) -> Look:
        if layer not in self._looks:
            self._looks[layer] = look_of(self._connection, layer)
        return self._looks[layer]

    def _ramp(self) -> list[str]:
        return [colour for _, colour in self._look(_RAMP).classes]

    def _remember(self, title: str, told: Colouring, shape: str, opacity: float) -> None:
        """A part of the legend; layers that are coloured alike share one, in the order of its classes."""
        lines = self._legend.setdefault(title, {})
        for words, colour in told.legend:
            swatch = f'<i class="{shape}" style="{_swatch(colour, shape, opacity)}"></i>'
            lines.setdefault(words, f"<li>{swatch}{escape(words)}</li>")
        ordered = sorted(lines, key=lambda words: told.labels.index(words) if words in told.labels else -1)
        self._legend[title] = {words: lines[words] for words in ordered if words}


def _collection(shapes: np.ndarray, colours: list[str]) -> dict[str, Any]:
    features = [
        {"type": "Feature", "id": str(row), "geometry": shapely.geometry.mapping(shape),
         "properties": {"colour": colours[row]}}
        for row, shape in enumerate(shapes)
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


def _kind(shapes: np.ndarray) -> str:
    """``point`` or ``line`` where all are such, else ``area``."""
    dimensions = set(shapely.get_dimensions(shapes))
    return {(0,): "point", (1,): "line"}.get(tuple(dimensions), "area")


def _style(colour: str, opacity: float, width: float, kind: str, numbers: bool) -> dict[str, Any]:
    if kind == "point":
        return {"color": "#ffffff", "weight": 1, "radius": width, "fillColor": colour, "fillOpacity": opacity}
    # an area that isn't filled lets the pointer through to what lies below; neighbours of one class need a border
    border = _BORDER if numbers and kind == "area" else colour
    return {"color": border, "weight": width, "opacity": 0.9, "fill": kind == "area" and opacity > 0,
            "fillColor": colour, "fillOpacity": opacity}  # fmt: skip


def _swatch(colour: str, shape: str, opacity: float) -> str:
    if shape == "line":
        return f"border-color:{escape(colour)}"
    # an area as pale as on the map couldn't be told from paper
    return f"background:{escape(colour)};opacity:{max(opacity, 0.45):g}"


def _places(shapes: np.ndarray, texts: pd.Series) -> list[dict[str, Any]]:
    return [
        {"id": str(row), "text": str(text), "bounds": [[south, west], [north, east]]}
        for row, (text, (west, south, east, north)) in enumerate(zip(texts, shapely.bounds(shapes), strict=True))
    ]
