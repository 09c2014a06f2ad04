"""The facts that the sample city is built around, as small tables beside this module.

townships.csv, villages.csv
    Codes and names of the 16 townships and their 356 villages and communities in 2020, from the statistical division
    codes of the National Bureau of Statistics (统计用区划代码), by way of netnr/zoning (MIT). The bureau lists three
    more township-level units (321283401 市农科所, 321283402 城东高新技术产业园, 321283403 农产品加工园), each with one
    virtual community 498. They are left out: they have no ground of their own, and the city of 2020 has 16 townships.
    ``lon`` and ``lat`` are real positions of seats in WGS 84 to 4 decimals, where known.
outline.csv
    Outline of the county, one ring, from Vonng/adcode (CC BY 4.0, https://github.com/Vonng/adcode). Changed: converted
    from GCJ-02 to WGS 84, simplified with a tolerance of 110 m, rounded to 6 decimals.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import project

CODE = "321283"
NAME = "泰兴市"
NAME_EN = "Taixing"
METRIC_SRID = 4549
POPULATION = 1_127_100


@dataclass(frozen=True)
class Place:
    """A township or village of the tables; ``position`` is (lon, lat) in degrees, or None."""

    code: str
    name: str
    position: tuple[float, float] | None


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(files("layers.sample").joinpath(name).read_text("utf-8").splitlines()))


def _places(name: str) -> list[Place]:
    return [
        Place(row["code"], row["name"], (float(row["lon"]), float(row["lat"])) if row["lon"] else None)
        for row in _rows(name)
    ]


def townships() -> list[Place]:
    """The 16 townships, by code (9 digits), each with its position."""
    return _places("townships.csv")


def villages() -> list[Place]:
    """The 356 villages and communities, by code (12 digits)."""
    return _places("villages.csv")


def outline() -> shapely.Polygon:
    """Outline of the county in the metric CRS (EPSG:4549), metres."""
    ring = shapely.Polygon([(float(row["lon"]), float(row["lat"])) for row in _rows("outline.csv")])
    polygons: NDArray[np.object_] = project(np.array([ring], dtype=object), 4490, METRIC_SRID)
    polygon: shapely.Polygon = polygons[0]
    return polygon


def short_name(name: str) -> str:
    """A division's name without the kind of its committee.

    >>> short_name("国庆新村居委会"), short_name("合心村委会"), short_name("三营社区居民委员会")
    ('国庆新村', '合心村', '三营社区')
    """
    for ending, kept in (
        ("社区居民委员会", "社区"),
        ("居民委员会", ""),
        ("居委会", ""),
        ("村村民委员会", "村"),
        ("村民委员会", "村"),
        ("村委会", "村"),
    ):
        if name.endswith(ending):
            return name[: -len(ending)] + kept
    return name
