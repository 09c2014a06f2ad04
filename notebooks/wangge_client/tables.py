"""Features as tables, and tables as what the service takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj
import shapely


class Answer(dict[str, Any]):
    """What a process answered: a dictionary, and as a table where it has features."""

    def frame(self) -> gpd.GeoDataFrame:
        """Its features in degrees (CRS84).

        Raises
        ------
        ValueError
            When it is no FeatureCollection.
        """
        if self.get("type") != "FeatureCollection":
            raise ValueError(f"no features among {', '.join(self)}")
        return frame_of(self["features"], "OGC:CRS84")


def frame_of(features: list[dict[str, Any]], crs: str) -> gpd.GeoDataFrame:
    """Features as a table by their ids.

    The service writes coordinates in the axis order of their CRS; geopandas wants x first.
    """
    frame = gpd.GeoDataFrame.from_features(features, crs=crs)
    ids = [feature.get("id") for feature in features]
    if features and None not in ids:
        frame.index = pd.Index(ids, name="id")
    axes = pyproj.CRS.from_user_input(crs).axis_info
    if axes and axes[0].direction == "north":
        flipped = shapely.transform(frame.geometry.to_numpy(), lambda points: points[:, ::-1])
        frame = frame.set_geometry(gpd.GeoSeries(flipped, index=frame.index, crs=crs))
    return frame


def typed(frame: gpd.GeoDataFrame, properties: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """Columns of the types that a schema says, also where values are missing."""
    for name in frame.columns.intersection(list(properties)):
        entry = properties[name]
        if entry.get("format") in ("date", "date-time"):
            frame[name] = pd.to_datetime(frame[name], format="ISO8601", utc=entry["format"] == "date-time")
        elif entry.get("type") == "integer":
            frame[name] = frame[name].astype("Int64")
    return frame


def parameter(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def inputs_of(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs as JSON: tables with geometry as features in degrees, others, arrays and series as lists."""
    return {name: _input(value) for name, value in inputs.items()}


def collection_of(table: gpd.GeoDataFrame | gpd.GeoSeries) -> dict[str, Any]:
    """A table as a FeatureCollection in degrees, its index as ids."""
    degrees = table.to_crs("OGC:CRS84") if table.crs is not None else table
    if isinstance(table, gpd.GeoSeries):
        return dict(degrees.__geo_interface__)
    # days and moments as texts
    written: dict[str, Any] = json.loads(degrees.to_json(na="null", default=str))
    written.pop("crs", None)
    return written


def _input(value: Any) -> Any:
    if isinstance(value, gpd.GeoDataFrame | gpd.GeoSeries):
        return collection_of(value)
    if isinstance(value, pd.DataFrame):
        return value.to_numpy().tolist()
    if isinstance(value, shapely.Geometry):
        return shapely.geometry.mapping(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value.tolist() if hasattr(value, "tolist") else value
