"""What the tests of editing share: editors of a copy of the sample city, and what they do to its grids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import shapely

from geo.measuring import Plane
from layers.changes.edits import Written, create, delete, lock_set, patch
from layers.changes.flags import flag
from layers.changes.sent_feature import SentFeature
from layers.identity import Identity, acting
from layers.keys import add_key, identify

PLANE = Plane("EPSG:4549")


def ground_only() -> Any:
    """The sample city without its cases, for what needs a city of its own and asks for no case."""
    from built_city import built_city

    city = built_city()
    return replace(city, cases=city.cases.iloc[:0])


def editor(database: Any, name: str = "desk", role: str = "editor") -> Identity:
    """Holder of a new key of the database."""
    found = identify(database, add_key(database, role, None, name))
    assert found is not None
    return found


def rows(database: Any, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of a statement as the owner."""
    with database.transaction(Identity("admin")) as cur:
        cur.execute(statement, values)
        return cur.fetchall()


def shape_of(database: Any, code: str) -> shapely.MultiPolygon:
    """Published shape of a grid, EPSG:4490."""
    ((wkb,),) = rows(database, "select st_asbinary(geom) from wangge.grids where code = %s and valid_to is null", code)
    return shapely.from_wkb(bytes(wkb))


def write(database: Any, who: Identity, *edits: tuple[Any, ...]) -> tuple[int, list[Written]]:
    """Edits in one transaction as QGIS's would be in several; each is the name of what to do, an id, values and shape.

    Returns
    -------
    int
        Number of the set.
    list of Written
    """
    with acting(who), database.api.transaction() as cur:
        number = lock_set(cur)
        written = []
        for kind, id_, values, shape in edits:
            sent = SentFeature(id_, values, None if shape is None else multi(shape), shape is not None)
            if kind == "create":
                written.append(create(cur, sent))
            elif kind == "delete":
                written.append(delete(cur, id_))
            else:
                written.append(patch(cur, id_, sent))
        flag(cur, number, [one.id for one in written])
    return number, written


def multi(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """A polygon as the working copy holds it."""
    return shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])


def in_metres(*shapes: shapely.Geometry) -> list[shapely.Geometry]:
    """Shapes of EPSG:4490 in the city's metric CRS."""
    return list(PLANE.flat(np.array(shapes, dtype=object)))


def halves(shape: shapely.Geometry) -> tuple[shapely.Polygon, shapely.Polygon]:
    """The western and the eastern part of a grid, cut along a meridian near its middle that leaves two polygons."""
    west, south, east, north = shape.bounds
    for share in np.linspace(0.5, 0.75, 26):
        cut = west + share * (east - west)
        parts = [
            shapely.intersection(shape, shapely.box(a, south - 1, b, north + 1))
            for a, b in ((west - 1, cut), (cut, east + 1))
        ]
        if all(part.geom_type == "Polygon" for part in parts):
            return parts[0], parts[1]
    raise LookupError("no straight cut leaves two polygons")


def nudged(
    first: shapely.Geometry, second: shapely.Geometry, by_deg: float
) -> tuple[shapely.Geometry, shapely.Geometry]:
    """Two neighbours with a vertex in the middle of their common border moved, in both."""
    border = shapely.line_merge(shapely.intersection(first, second))
    line = max(shapely.get_parts(border), key=lambda part: part.length)
    vertices = shapely.get_coordinates(line)[1:-1]
    there = vertices[len(vertices) // 2]

    def move(points: np.ndarray) -> np.ndarray:
        return points + by_deg * (points == there).all(axis=1)[:, None]

    return shapely.transform(first, move), shapely.transform(second, move)


def neighbours_in_village(database: Any, count: int = 2) -> list[str]:
    """Codes of social grids of one village that share a border one with the next: where tests may move ground."""
    found = rows(
        database,
        "select one.code, other.code from wangge.grids as one join wangge.grids as other"
        " on one.village_code = other.village_code and one.code < other.code and one.geom && other.geom"
        " and st_length(st_intersection(one.geom, other.geom)) > 0.001"
        " where one.kind = 'social' and other.kind = 'social' and one.valid_to is null and other.valid_to is null"
        " order by 1, 2 limit 400",
    )
    for first, second in found:
        chain = [first, second]
        while len(chain) < count:
            onward = next((b if a == chain[-1] else a for a, b in found if chain[-1] in (a, b)
                           and not {a, b} <= set(chain)), None)
            if onward is None or onward in chain:
                break
            chain.append(onward)
        if len(chain) == count:
            return chain
    raise LookupError("no such grids in the sample")


def far_pairs(database: Any, count: int) -> list[tuple[str, str]]:
    """Pairs of neighbours, each in a village of its own."""
    found = rows(
        database,
        "select distinct on (one.village_code) one.code, other.code from wangge.grids as one"
        " join wangge.grids as other on one.village_code = other.village_code and one.code < other.code"
        " and one.geom && other.geom and st_npoints(st_linemerge(st_intersection(one.geom, other.geom))) > 4"
        " and geometrytype(st_linemerge(st_intersection(one.geom, other.geom))) = 'LINESTRING'"
        " where one.kind = 'social' and other.kind = 'social' and one.valid_to is null and other.valid_to is null"
        " and one.fid <= 1412 order by one.village_code, 1, 2 limit 200",
    )
    return found[:: len(found) // count][:count]


def faults(database: Any) -> list[Any]:
    """What a check of the whole published city finds that keeps it from being a coverage."""
    from layers.checking.check import check_layer

    with database.transaction(Identity("admin")) as cur:
        found, _ = check_layer(cur, "grids")
    return [one for one in found if one.severity == "error"]


def shares(links: Sequence[Any]) -> dict[str, float]:
    """Sum of the shares of each grid before."""
    total: dict[str, float] = {}
    for link in links:
        if link.before is not None:
            total[link.before] = total.get(link.before, 0.0) + link.share_of_before
    return total
