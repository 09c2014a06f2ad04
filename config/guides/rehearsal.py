"""Files of a made-up county, as offices send them, for setting up a service without data of one's own.

``python -m config.guides.rehearsal FOLDER`` writes divisions as a Shapefile in GBK with Chinese columns, grids without
codes, cameras and cases as tables with the coordinates of AMap, and a list of base data items. Nothing in them is
anybody's. A real outline (``--outline``) makes them lie where a real county does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.spatial import cKDTree

from geo.crs import STORED_SRID, metric_srid, transformer
from geo.gcj02 import wgs84_to_gcj02
from geo.tessellation.borders import dissolve
from geo.tessellation.growth import grow
from geo.tessellation.tessellation import Tessellation, relax, tessellate
from layers.case_types import case_types
from layers.features.moments import CITY_ZONE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TOWNSHIPS = "甲乙丙丁戊己庚辛"
VILLAGES, GRIDS = 48, 190
CAMERAS, CASES = 120, 4_000
STATES = ("上报", "立案", "派遣", "处置", "核查", "结案")
_SNAP_M = 0.5
_DECIMALS = 7
_DAYS = 400


def made_up_outline() -> shapely.Polygon:
    """Outline of no county that there is, in degrees: about 30 km across, in the zone of 105 E."""
    turn = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    radius = 0.15 * (1 + 0.12 * np.sin(3 * turn) + 0.07 * np.cos(5 * turn))
    return shapely.Polygon(np.column_stack((104.9 + radius * np.cos(turn) * 1.15, 30.2 + radius * np.sin(turn))))


def write_county(
    folder: Path, outline: shapely.Polygon, code: str, name: str, until: date, seed: int = 1
) -> list[Path]:
    """Write the files of a county.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    outline : Polygon
        EPSG:4490, longitude first.
    code, name : str
        6-digit code and name of the county.
    until : date
        Last day with cases; they begin 400 days before it.
    seed : int
        The same arguments give the same files.

    Returns
    -------
    list of Path
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    srid = metric_srid(outline.centroid.x)
    metric = _mesh(outline, srid, rng)
    # every file takes its borders from one rounding, so that they are the same ones
    degrees = np.column_stack(transformer(srid, STORED_SRID).transform(*metric.vertices.T))
    mesh = metric.moved(np.round(degrees, _DECIMALS))
    township = _regions(metric, np.zeros(len(mesh), dtype=np.int64), [len(TOWNSHIPS)])
    village = _regions(metric, township, _parts(township))
    owner = np.array([township[np.flatnonzero(village == one)[0]] for one in range(village.max() + 1)])
    people = rng.integers(400, 1600, len(mesh))
    divisions, village_codes = _divisions(mesh, township, village, owner, people, code, name)
    grids = gpd.GeoDataFrame(
        {
            "名称": [f"第{number + 1}网格" for number in range(len(mesh))], "村居编码": village_codes[village],
            "人口": people, "网格长人数": 1, "网格员人数": rng.integers(1, 4, len(mesh)), "网格党组织": "网格党支部",
        },
        geometry=mesh.polygons, crs=STORED_SRID,
    )  # fmt: skip
    files = [folder / file for file in ("区划.shp", "网格.geojson", "监控.csv", "事件.csv", "数据项.csv")]
    divisions.to_file(files[0], encoding="GBK")
    grids.to_crs(4326).to_file(files[1], driver="GeoJSON")
    shapes = mesh.polygons
    _cameras(shapes, code, rng).to_csv(files[2], index=False)
    _cases(shapes, people, until, rng).to_csv(files[3], index=False)
    files[4].write_text(
        "code,aspect_code,aspect,aspect_en,title,title_en,department,cycle,layer,only,required\n"
        "0101,01,基础地理,Geography,村居界线,Village boundaries,自然资源局,year,divisions,level=village,code;name\n"
        "0201,02,综合治理,Governance,网格,Grids,社会工作部,month,grids,,code;name;population\n"
        "0301,03,人口,Population,户籍人口,Registered population,公安局,month,,,\n",
        "utf-8",
    )
    return files


def _mesh(outline: shapely.Polygon, srid: int, rng: np.random.Generator) -> Tessellation:
    """The grids, in metres."""
    metres = transformer(STORED_SRID, srid)
    ground = shapely.transform(outline, metres.transform, interleaved=False)
    west, south, east, north = ground.bounds
    count = round(GRIDS * (east - west) * (north - south) / ground.area)
    seeds = rng.uniform((west, south), (east, north), (count, 2))
    return tessellate(ground, relax(seeds, np.zeros(count, dtype=bool), 3), _SNAP_M)


def _parts(township: Ints) -> list[int]:
    """Villages of each township, by its number of grids."""
    return [max(1, round(VILLAGES * size / len(township))) for size in np.bincount(township)]


def _regions(mesh: Tessellation, within: Ints, counts: Sequence[int]) -> Ints:
    """Each area of faces divided into connected regions of about as many faces each, numbered from 0."""
    _, sides = mesh.edges
    pairs = sides[(sides >= 0).all(axis=1)]
    pairs = pairs[within[pairs[:, 0]] == within[pairs[:, 1]]]
    held, targets, number = np.full(len(mesh), -1, dtype=np.int64), [], 0
    for area, count in enumerate(counts):
        faces = np.flatnonzero(within == area)
        sites, _ = kmeans2(mesh.centres[faces], count, minit="++", seed=1)
        nearest = cKDTree(mesh.centres[faces]).query(sites)[1]
        for face in np.unique(nearest):
            held[faces[face]] = number
            number += 1
        targets += [len(faces) / len(np.unique(nearest))] * len(np.unique(nearest))
    costs = np.hypot(*(mesh.centres[pairs[:, 0]] - mesh.centres[pairs[:, 1]]).T)
    return grow(pairs, costs, held, np.ones(len(mesh)), np.array(targets))


def _divisions(
    mesh: Tessellation, township: Ints, village: Ints, owner: Ints, people: Ints, code: str, name: str
) -> tuple[gpd.GeoDataFrame, NDArray[np.str_]]:
    """County, townships and villages, and the code of each village."""
    below = np.array([np.count_nonzero(owner[:one] == owner[one]) + 1 for one in range(len(owner))])
    towns = [f"{code}{100 + at}" for at in range(len(TOWNSHIPS))]
    codes = np.array([f"{towns[at]}{200 + serial}" for at, serial in zip(owner, below, strict=True)])
    shapes = [
        dissolve(mesh.polygons, labels, count)
        for labels, count in (
            (np.zeros(len(mesh), dtype=np.int64), 1), (township, len(TOWNSHIPS)), (village, len(owner)),
        )
    ]  # fmt: skip
    counted = [people.sum(keepdims=True), np.bincount(township, people), np.bincount(village, people)]
    names = [f"{TOWNSHIPS[at]}{serial}村" for at, serial in zip(owner, below, strict=True)]
    frame = gpd.GeoDataFrame(
        {
            "区划代码": [code, *towns, *codes], "区划名称": [name, *(f"{one}镇" for one in TOWNSHIPS), *names],
            "人口": np.concatenate(counted).astype(np.int64),
        },
        geometry=np.concatenate(shapes), crs=STORED_SRID,
    )  # fmt: skip
    return frame, codes


def _points(shapes: NDArray[np.object_], faces: Ints, rng: np.random.Generator) -> Floats:
    """A place in each face, longitude and latitude as AMap has them, to 6 decimals."""
    west, south, east, north = shapely.bounds(shapes[faces]).T
    x, y = shapely.get_coordinates(shapely.point_on_surface(shapes[faces])).T
    for _ in range(20):
        tried = rng.uniform(west, east), rng.uniform(south, north)
        inside = shapely.contains_xy(shapes[faces], *tried)
        x, y = np.where(inside, tried[0], x), np.where(inside, tried[1], y)
    return np.round(np.column_stack(wgs84_to_gcj02(x, y)), 6)


def _cameras(shapes: NDArray[np.object_], code: str, rng: np.random.Generator) -> pd.DataFrame:
    faces = rng.integers(0, len(shapes), CAMERAS)
    lon, lat = _points(shapes, faces, rng).T
    return pd.DataFrame(
        {
            "设备编码": [f"{code}0000132{number:07d}" for number in range(1, CAMERAS + 1)],
            "名称": [f"路口{number}" for number in range(1, CAMERAS + 1)], "来源": "天网", "状态": "在线",
            "方位角": rng.integers(0, 360, CAMERAS), "水平视场角": 60, "可视距离": 80, "安装高度": 6,
            "经度": lon, "纬度": lat,
        }
    )  # fmt: skip


def _cases(shapes: NDArray[np.object_], people: Ints, until: date, rng: np.random.Generator) -> pd.DataFrame:
    """Cases by where people are, every eighth in three grids that have more of them in the last two months."""
    chance = people / people.sum()
    faces = rng.choice(len(shapes), CASES, p=chance)
    minutes = rng.integers(0, _DAYS * 1440, CASES)
    busy = rng.choice(len(shapes), 3, replace=False)
    extra = rng.random(CASES) < 1 / 8
    faces[extra] = rng.choice(busy, extra.sum())
    minutes[extra] = rng.integers((_DAYS - 60) * 1440, _DAYS * 1440, extra.sum())
    order = np.argsort(minutes)
    reported = pd.Timestamp(until) - pd.Timedelta(days=_DAYS) + pd.to_timedelta(minutes[order], "min")
    closed = reported + pd.to_timedelta(rng.integers(60, 6 * 1440, CASES), "min")
    over = closed < pd.Timestamp(until)
    lon, lat = _points(shapes, faces[order], rng).T
    matters = [one.type_code for one in case_types() if one.category == "matter"]
    return pd.DataFrame(
        {
            "案件编号": [f"YL{number:06d}" for number in range(1, CASES + 1)], "类别": "事项",
            "类型编码": rng.choice(matters[:40], CASES), "来源渠道": rng.choice(["网格员上报", "12345热线"], CASES),
            "环节": np.where(over, STATES[-1], STATES[0]), "上报时间": reported.strftime("%Y-%m-%d %H:%M"),
            "结案时间": np.where(over, closed.strftime("%Y-%m-%d %H:%M"), ""), "经度": lon, "纬度": lat,
        }
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files that the command line asks for, and name them."""
    command = argparse.ArgumentParser(prog="python -m config.guides.rehearsal", description=__doc__.split("\n")[0])
    command.add_argument("folder", type=Path, metavar="FOLDER")
    command.add_argument("--outline", type=Path, metavar="FILE.geojson", help="outline of a real county, in CGCS2000")
    command.add_argument("--code", default="990101", metavar="CODE", help="its 6-digit code")
    command.add_argument("--name", default="演练县", metavar="NAME")
    asked = command.parse_args(arguments)
    outline = made_up_outline()
    if asked.outline is not None:
        shape = gpd.read_file(asked.outline).to_crs(STORED_SRID).union_all()
        outline = shapely.Polygon(max(shapely.get_parts(shape), key=lambda part: part.area).exterior)
    for file in write_county(asked.folder, outline, asked.code, asked.name, datetime.now(CITY_ZONE).date()):
        print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
