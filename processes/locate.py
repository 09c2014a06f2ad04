"""Process locate: the grid, village and township of many points at once."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from geo.errors import InvalidInput
from geo.gcj02 import TO_WGS84
from layers.checking.located_grids import located_grids
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process


class LocateParameters(Parameters):
    """Inputs of locate."""

    points: dict[str, Any] | list[list[float]] | None = Field(
        None,
        title="Points",
        description="GeoJSON FeatureCollection of points, or an array of [longitude, latitude].",
        json_schema_extra={"title_zh": "点", "description_zh": "GeoJSON 点要素集合，或 [经度, 纬度] 数组。"},
    )
    lon: list[float] | None = Field(
        None,
        title="Longitudes",
        description="Degrees east, one for each point; with lat, instead of points.",
        json_schema_extra={"title_zh": "经度", "description_zh": "每个点的经度；与 lat 一起代替 points。"},
    )
    lat: list[float] | None = Field(
        None,
        title="Latitudes",
        description="Degrees north, one for each point.",
        json_schema_extra={"title_zh": "纬度", "description_zh": "每个点的纬度。"},
    )
    crs: Literal["WGS84", "GCJ02", "BD09"] = Field(
        "WGS84",
        title="Coordinate system",
        description="WGS84 (taken as equal to CGCS2000), or the shifted GCJ02 or BD09 of map vendors.",
        json_schema_extra={"title_zh": "坐标系", "description_zh": "WGS84（视同 CGCS2000），或 GCJ02、BD09。"},
    )
    dedicated: bool = Field(
        False,
        title="Dedicated grids",
        description="Look among the dedicated grids instead of the social-governance grids.",
        json_schema_extra={"title_zh": "专属网格", "description_zh": "在专属网格而非综合网格中查找。"},
    )


class Locate(Process):
    """In which grid, village and township each of many points lies."""

    id: ClassVar[str] = "locate"
    title: ClassVar[Text] = Text("点落网格", "Locate points")
    description: ClassVar[Text] = Text(
        "批量查询点所在的网格、村居与镇街，结果与输入同序；边界上的点只归属编码较小的一个网格。",
        "Tells the grid, village and township of points in bulk, in the order of the input; a point on a border "
        "belongs to the one grid whose code comes first.",
    )
    parameters: ClassVar[type[Parameters]] = LocateParameters
    result: ClassVar[Text] = Text("每个点的网格", "The grid of each point")
    example: ClassVar[dict[str, Any]] = {"points": [[120.05, 32.17], [119.0, 31.0]]}

    def run(self, parameters: LocateParameters) -> dict[str, Any]:
        """A FeatureCollection with the answers as properties for GeoJSON, else one array for each column."""
        lon, lat, features = _points(parameters)
        if parameters.crs in TO_WGS84:
            lon, lat = TO_WGS84[parameters.crs](lon, lat)
        columns = located_grids(bound(), dedicated=parameters.dedicated).of(lon, lat)
        found = sum(code is not None for code in columns["grid_code"])
        counts = {"count": len(lon), "located": found}
        if features is None:
            return counts | columns
        rows = zip(*columns.values(), strict=True)
        answers = [
            {**feature, "properties": {**(feature.get("properties") or {}), **dict(zip(columns, row, strict=True))}}
            for feature, row in zip(features, rows, strict=True)
        ]
        return {"type": "FeatureCollection", **counts, "features": answers}


def _points(
    parameters: LocateParameters,
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[dict[str, Any]] | None]:
    """Longitudes, latitudes, and the features when GeoJSON was given."""
    given = parameters.points
    if (given is None) == (parameters.lon is None) or (parameters.lon is None) != (parameters.lat is None):
        raise InvalidInput("locate.which")
    if parameters.lon is not None and parameters.lat is not None:
        if len(parameters.lon) != len(parameters.lat):
            raise InvalidInput("coverage.lengths", field="lat", expected=len(parameters.lon), given=len(parameters.lat))
        return np.array(parameters.lon, dtype=float), np.array(parameters.lat, dtype=float), None
    if isinstance(given, dict):
        features = given.get("features")
        if given.get("type") != "FeatureCollection" or not isinstance(features, list):
            raise InvalidInput("locate.points", index=1, value=given.get("type"))
        pairs = [_of_feature(feature, number) for number, feature in enumerate(features, 1)]
    else:
        features, pairs = None, given or []
        for number, pair in enumerate(pairs, 1):
            if len(pair) < 2:
                raise InvalidInput("locate.points", index=number, value=pair)
    at = np.array([pair[:2] for pair in pairs], dtype=float).reshape(-1, 2)
    return at[:, 0], at[:, 1], features


def _of_feature(feature: Any, number: int) -> list[float]:
    """Coordinates of a feature; one without geometry lies nowhere."""
    geometry = feature.get("geometry") if isinstance(feature, dict) else feature
    if geometry is None:
        return [float("nan"), float("nan")]
    at = geometry.get("coordinates") if isinstance(geometry, dict) else None
    point = isinstance(geometry, dict) and geometry.get("type") == "Point"
    if not point or not isinstance(at, list) or len(at) < 2 or not all(isinstance(x, int | float) for x in at[:2]):
        raise InvalidInput("locate.points", index=number, value=str(geometry)[:60])
    return at
