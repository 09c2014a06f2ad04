"""Tile matrix sets: how the ground is cut into tiles, for web maps and for maps in CGCS2000."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from geo.crs import uri_of
from geo.errors import NotFound
from layers.text import Text

_MERCATOR_EDGE = 20037508.342789244
_METRES_A_DEGREE = 111319.49079327358
_PIXEL_M = 0.00028
DEEPEST = 22


@dataclass(frozen=True)
class TileMatrixSet:
    """A quadtree of tiles of 256 pixels.

    Attributes
    ----------
    id : str
        Its name in addresses.
    title : Text
        Its words.
    srid : int
        EPSG code of its CRS.
    uri : str or None
        Its entry in the OGC's register; None for one of our own.
    west, north : float
        Upper left corner, easting or longitude first.
    width : float
        Width of a tile of zoom 0 in units of the CRS.
    columns, rows : int
        Tiles of zoom 0.
    metres : float
        Metres a unit of the CRS, for scale denominators.
    """

    id: str
    title: Text
    srid: int
    uri: str | None
    west: float
    north: float
    width: float
    columns: int
    rows: int
    metres: float

    def bounds(self, zoom: int, row: int, column: int) -> tuple[float, float, float, float]:
        """West, south, east, north of a tile in the CRS, x first.

        Raises
        ------
        NotFound
            When the matrix has no such tile.
        """
        if not 0 <= zoom <= DEEPEST or not 0 <= row < self.rows << zoom or not 0 <= column < self.columns << zoom:
            raise NotFound("tile.outside", tile=f"{zoom}/{row}/{column}", matrix=self.id, deepest=DEEPEST)
        size = self.width / (1 << zoom)
        west, north = self.west + column * size, self.north - row * size
        return west, north - size, west + size, north

    def tile_of(self, x: float, y: float, zoom: int) -> tuple[int, int]:
        """Row and column of the tile that holds a point of the CRS, x first."""
        size = self.width / (1 << zoom)
        column = min(max(int((x - self.west) // size), 0), (self.columns << zoom) - 1)
        row = min(max(int((self.north - y) // size), 0), (self.rows << zoom) - 1)
        return row, column

    def describe(self) -> dict[str, Any]:
        """The set as OGC's Two Dimensional Tile Matrix Set 2.0 writes it; corners in the CRS's axis order."""
        inverted = self.srid == 4490
        corner = [self.north, self.west] if inverted else [self.west, self.north]
        matrices = []
        for zoom in range(DEEPEST + 1):
            cell = self.width / (256 << zoom)
            matrices.append(
                {
                    "id": str(zoom),
                    "scaleDenominator": cell * self.metres / _PIXEL_M,
                    "cellSize": cell,
                    "cornerOfOrigin": "topLeft",
                    "pointOfOrigin": corner,
                    "tileWidth": 256,
                    "tileHeight": 256,
                    "matrixWidth": self.columns << zoom,
                    "matrixHeight": self.rows << zoom,
                }
            )
        described: dict[str, Any] = {"id": self.id, "title": self.title.en}
        if self.uri:
            described["uri"] = self.uri
        return described | {
            "crs": uri_of(self.srid),
            "orderedAxes": ["Lat", "Lon"] if inverted else ["X", "Y"],
            "tileMatrices": matrices,
        }


WEB_MERCATOR_QUAD = TileMatrixSet(
    "WebMercatorQuad",
    Text("Web 墨卡托", "Web Mercator"),
    3857,
    "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad",
    -_MERCATOR_EDGE,
    _MERCATOR_EDGE,
    2 * _MERCATOR_EDGE,
    1,
    1,
    1.0,
)
CGCS2000_QUAD = TileMatrixSet(
    "CGCS2000Quad",
    Text("CGCS2000 经纬度", "CGCS2000 longitude and latitude"),
    4490,
    None,
    -180.0,
    90.0,
    180.0,
    2,
    1,
    _METRES_A_DEGREE,
)

TILE_MATRIX_SETS = {set_.id: set_ for set_ in (WEB_MERCATOR_QUAD, CGCS2000_QUAD)}


def tile_matrix_set(id_: str) -> TileMatrixSet:
    """The tile matrix set of that id.

    Raises
    ------
    NotFound
        When there is none.
    """
    if id_ not in TILE_MATRIX_SETS:
        raise NotFound("tile.matrix", matrix=id_, known=", ".join(TILE_MATRIX_SETS))
    return TILE_MATRIX_SETS[id_]
