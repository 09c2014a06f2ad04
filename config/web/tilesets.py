"""Tile sets as OGC API - Tiles describes them, of vector tiles and of map tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from geo.crs import CRS84_URI, uri_of
from layers.text import Text
from layers.tiles.matrix import TileMatrixSet

SAMPLE = Text("示例数据，非真实业务数据", "Sample data, not real records")


@dataclass(frozen=True)
class Tiled:
    """What is tiled.

    Attributes
    ----------
    id : str
        The collection's.
    title : Text
        Its words.
    here : str
        Address of its tile sets.
    kind : str
        ``vector`` or ``map``.
    media_type, format : str
        Of a tile, and the value of ``f`` for it.
    more : str
        What else of the query chooses what is drawn, with ``&`` before it.
    """

    id: str
    title: Text
    here: str
    kind: Literal["vector", "map"]
    media_type: str
    format: str
    more: str = ""


def tileset(tiled: Tiled, matrix: TileMatrixSet, base_url: str, language: str, box: Any) -> dict[str, Any]:
    """One tile set.

    Parameters
    ----------
    box : tuple of float or None
        West, south, east, north in degrees.
    """
    here = f"{tiled.here}/{matrix.id}"
    title = tiled.title.in_(language)
    tile = f"{here}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?f={tiled.format}{tiled.more}"
    scheme = f"{base_url}/tileMatrixSets/{matrix.id}"
    described: dict[str, Any] = {
        "title": f"{title} ({matrix.title.in_(language)})",
        "dataType": tiled.kind,
        "crs": uri_of(matrix.srid),
        "tileMatrixSetURI": matrix.uri or scheme,
        "links": [
            link("self", "application/json", here),
            link("item", tiled.media_type, tile) | {"templated": True},
            link("http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme", "application/json", scheme),
            link("describedby", "application/json", f"{here}/metadata?f=tilejson"),
        ],
        "layers": [{"id": tiled.id, "title": title, "dataType": tiled.kind}],
    }
    if box:
        described["boundingBox"] = {"lowerLeft": list(box[:2]), "upperRight": list(box[2:]), "crs": CRS84_URI}
    return described


def tilejson(
    tiled: Tiled,
    matrix: TileMatrixSet,
    language: str,
    box: Any,
    zooms: tuple[int, int],
    description: Text,
    sample: bool,
) -> dict[str, Any]:
    """TileJSON 3.0.0 of a tile set, without the layers that vector tiles have."""
    words: dict[str, Any] = {
        "tilejson": "3.0.0",
        "name": tiled.title.in_(language),
        "description": description.in_(language),
        "tiles": [f"{tiled.here}/{matrix.id}/{{z}}/{{y}}/{{x}}?f={tiled.format}{tiled.more}"],
        "minzoom": zooms[0],
        "maxzoom": zooms[1],
        "scheme": "xyz",
    }
    if box:
        words["bounds"] = list(box)
        words["center"] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2, 11]
    if sample:
        words["attribution"] = SAMPLE.in_(language)
    return words


def link(rel: str, type_: str, href: str) -> dict[str, Any]:
    """A link of a tile set."""
    return {"rel": rel, "type": type_, "href": href}
