"""The discrete global grid itself, as OGC API - DGGS tells of it: its names, what it is made of, where it leads."""

from __future__ import annotations

from typing import Any, Final

from geo.crs import CRS84_URI
from geo.heat.cells import CASE_RESOLUTION
from layers.catalogue.shared import COUNT
from layers.text import Text

GRID: Final = "H3"
DEFAULT_DEPTH: Final = 0
DEEPEST: Final = 5
"""Levels below a zone that its data reach: 16,807 sub-zones."""

REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/"
JSON: Final = "application/json"
_HOME = "https://h3geo.org/"
_TITLE = Text("H3 六边形分层网格", "H3 hierarchical hexagons")
_DESCRIPTION = Text(
    "H3 全球离散网格：每个六边形分为七个，标识为 64 位整数的十六进制；子单元不完全落在父单元内。",
    "H3: hexagons of which each has seven children, named by a 64-bit number in hexadecimal digits; "
    "children don't lie wholly inside of their parent. Sub-zones are in the order of their numbers.",
)
_TEXTUAL = Text(
    "64 位整数的小写十六进制，15 位，不带前导零。",
    "The 64-bit number in lower-case hexadecimal digits, 15 of them, without leading zeros.",
)
_NUMBER = Text(
    "自高位起：1 位保留、4 位模式（1 为单元）、3 位保留、4 位级别、7 位基础单元（0 至 121），"
    "然后每级 3 位子单元号（0 至 6），级别以下各位为 7。",
    "From the highest bit: 1 reserved, 4 of the mode (1 for a cell), 3 reserved, 4 of the level, 7 of the base cell "
    "(0 to 121), then 3 a level for the digit of the child (0 to 6); digits below the cell's level are 7.",
)
_ORDER = Text("按 64 位整数由小到大。", "Rising by their 64-bit numbers.")


def link(rel: str, type_: str, href: str) -> dict[str, str]:
    """A link."""
    return {"rel": rel, "type": type_, "href": href}


def definition_link(base_url: str) -> dict[str, str]:
    """To what the grid is made of."""
    return link(REL + "dggrs-definition", JSON, f"{base_url}/dggs/{GRID}/definition")


def grids(base_url: str, origin: str, language: str) -> dict[str, Any]:
    """The list of grids of the dataset (``origin`` empty) or of a collection (``origin`` its path)."""
    here = f"{base_url}{origin}/dggs"
    grid = {
        "id": GRID,
        "title": _TITLE.in_(language),
        "links": [link("self", JSON, f"{here}/{GRID}"), definition_link(base_url)],
    }
    return {"links": [link("self", JSON, here), origin_link(base_url, origin)], "dggrs": [grid]}


def origin_link(base_url: str, origin: str) -> dict[str, str]:
    """To what the grid's data are of: the dataset, or a collection."""
    return link(REL + ("geodata" if origin else "dataset"), JSON, f"{base_url}{origin or '/'}")


def description(base_url: str, origin: str, language: str) -> dict[str, Any]:
    """The grid, how finely and how deep its data can be had, and where."""
    grid = f"{base_url}{origin}/dggs/{GRID}"
    return {
        "id": GRID,
        "title": _TITLE.in_(language),
        "description": _DESCRIPTION.in_(language),
        "crs": CRS84_URI,
        "defaultDepth": DEFAULT_DEPTH,
        "maxRefinementLevel": CASE_RESOLUTION,
        "maxRelativeDepth": DEEPEST,
        "links": [
            link("self", JSON, grid),
            definition_link(base_url),
            link("about", "text/html", _HOME),
            link(REL + "dggrs-zone-query", JSON, f"{grid}/zones"),
            origin_link(base_url, origin),
        ],
        "linkTemplates": [
            {"rel": REL + "dggrs-zone-info", "type": JSON, "uriTemplate": f"{grid}/zones/{{zoneId}}"},
            data_template(grid),
        ],
    }


def data_template(grid: str) -> dict[str, str]:
    """Where the data of any zone are; ``grid`` is the address of the grid."""
    return {"rel": REL + "dggrs-zone-data", "type": JSON, "uriTemplate": f"{grid}/zones/{{zoneId}}/data"}


def count_schema(language: str) -> dict[str, Any]:
    """Schema of the data of a zone."""
    count = {"title": COUNT.title.in_(language), "type": "integer", "x-ogc-propertySeq": 1}
    return {"type": "object", "properties": {"count": count}}


def definition(language: str) -> dict[str, Any]:
    """What the grid is made of, by the schema of OGC 21-038r1, annex B; facts from h3geo.org, core library."""
    return {
        "title": _TITLE.in_(language),
        "description": _DESCRIPTION.in_(language),
        "uri": _HOME,
        "dggh": {
            "definition": {
                "crs": CRS84_URI,
                "basePolyhedron": "icosahedron",
                "refinementRatio": 7,
                "spatialDimensions": 2,
                "temporalDimensions": 0,
                "zoneTypes": ["hexagon", "pentagon"],
                "refinementStrategy": ["centredChildCell"],
            }
        },
        "zirs": {
            "textZIRS": {"description": _TEXTUAL.in_(language)},
            "uint64ZIRS": {"description": _NUMBER.in_(language)},
        },
        "subZoneOrder": {"description": _ORDER.in_(language)},
    }  # fmt: skip
