"""What the benchmark of serving asks for: the same questions to ours and to its peers, each in its own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import quote

import numpy as np
import psycopg2
import shapely
from numpy.typing import NDArray

from geo.crs import project
from layers.tiles.matrix import WEB_MERCATOR_QUAD

_PAGE = 100
_ALL = 2000
_QUESTIONS = 60_000
_LATER = date(2100, 1, 1)
_TILE_FIELDS = "code,name,kind,population"


@dataclass(frozen=True)
class Case:
    """One kind of question.

    Attributes
    ----------
    name : str
        As the report shows it.
    goal : float
        How many times as many answers a second ours should give as tipg.
    ours, tipg, pygeoapi : tuple of str
        Paths; the same number in each asks for the same. Empty where a peer isn't asked.
    tiles : bool
        Whether the answers are vector tiles; else GeoJSON.
    uncached : bool
        Whether each answer of ours has to come from the database.
    seconds : float
        How long a server is asked at a time: short, so that what else the machine does falls on both sides alike.
    """

    name: str
    goal: float
    ours: tuple[str, ...]
    tipg: tuple[str, ...]
    pygeoapi: tuple[str, ...] = ()
    tiles: bool = False
    uncached: bool = False
    seconds: float = 1.0


@dataclass(frozen=True)
class Grids:
    """What questions are made from: the grids of today.

    Attributes
    ----------
    codes, fids, townships, populations : list
        Of each grid, in the order of its row number.
    centres : numpy.ndarray
        Longitude and latitude of each, degrees, shape (n, 2).
    """

    codes: list[str]
    fids: list[int]
    townships: list[str]
    populations: list[int]
    centres: NDArray[np.float64]

    @classmethod
    def read(cls, dsn: str) -> Grids:
        """Those of a database."""
        connection = psycopg2.connect(dsn)
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "select code, fid, township_code, population, st_x(st_centroid(geom)), st_y(st_centroid(geom))"
                    " from wangge.grids where valid_to is null order by fid"
                )
                codes, fids, townships, populations, x, y = zip(*cursor.fetchall(), strict=True)
        finally:
            connection.close()
        return cls(list(codes), list(fids), list(townships), list(populations), np.column_stack((x, y)))


def cases(grids: Grids, rng: np.random.Generator) -> list[Case]:
    """Every case, its questions drawn by ``rng``."""
    every = Case(
        "all grids in one page", 18.0,
        (_ours(f"limit={_ALL}"),), (_tipg(f"limit={_ALL}"),), (_stock(f"limit={_ALL}"),), seconds=5.0,
    )  # fmt: skip
    return [
        Case("100 grids", 9.0, (_ours(f"limit={_PAGE}"),), (_tipg(f"limit={_PAGE}"),), (_stock(f"limit={_PAGE}"),)),
        _boxes(grids, rng),
        _single(grids, rng),
        _filters(grids, rng),
        *_tiles(grids, rng),
        every,
    ]


def _ours(query: str) -> str:
    return f"/collections/grids/items?{query}"


def _tipg(query: str) -> str:
    return f"/collections/wangge.grids/items?f=geojson&{query}"


def _stock(query: str) -> str:
    return f"/collections/grids/items?f=json&{query}"


def _everywhere(queries: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    return tuple(map(_ours, queries)), tuple(map(_tipg, queries)), tuple(map(_stock, queries))


def _boxes(grids: Grids, rng: np.random.Generator) -> Case:
    """Boxes around grids, each so large that it holds more than a page."""
    found: list[str] = []
    while len(found) < 300:
        x, y = rng.choice(grids.centres) + rng.uniform(-0.01, 0.01, 2)
        half = np.sort(np.abs(grids.centres - (x, y)).max(axis=1))[_PAGE + 10]
        found.append(f"limit={_PAGE}&bbox={x - half:.6f},{y - half:.6f},{x + half:.6f},{y + half:.6f}")
    return Case("bbox with 100 grids", 9.0, *_everywhere(found))


def _single(grids: Grids, rng: np.random.Generator) -> Case:
    order = rng.permutation(len(grids.codes))
    return Case(
        "one grid", 6.0,
        tuple(f"/collections/grids/items/{grids.codes[i]}" for i in order),
        tuple(f"/collections/wangge.grids/items/{grids.fids[i]}?f=geojson" for i in order),
        tuple(f"/collections/grids/items/{grids.codes[i]}?f=json" for i in order),
    )  # fmt: skip


def _filters(grids: Grids, rng: np.random.Generator) -> Case:
    """A township and a least population, so that there is something to find."""
    populations = np.array(grids.populations)
    found = []
    for township in sorted(set(grids.townships)):
        there = populations[np.array(grids.townships) == township]
        least = rng.choice(np.sort(there)[:-3], 40)
        found += [f"township_code='{township}' AND population>{people}" for people in least]
    queries = [f"limit={_PAGE}&filter-lang=cql2-text&filter={quote(text)}" for text in rng.permutation(found)]
    return Case("CQL2 filter", 6.0, *_everywhere(queries))


def _tiles(grids: Grids, rng: np.random.Generator) -> list[Case]:
    """Tiles that hold a grid's centre; where they shall not be cached, ours is asked for another day's each time."""
    metres = shapely.get_coordinates(project(shapely.points(grids.centres), 4490, 3857))
    plain: dict[int, Case] = {}
    for zoom, goal in ((12, 3.5), (14, 7.0)):
        places = sorted({WEB_MERCATOR_QUAD.tile_of(x, y, zoom) for x, y in metres})
        order = [places[i] for i in rng.permutation(len(places))]
        below = f"tiles/WebMercatorQuad/{zoom}"
        mine = tuple(f"/collections/grids/{below}/{row}/{column}?f=mvt" for row, column in order)
        # tipg puts the column first; it is told to send the fields that ours sends
        theirs = tuple(
            f"/collections/wangge.grids/{below}/{column}/{row}?properties={_TILE_FIELDS}" for row, column in order
        )
        plain[zoom] = Case(f"grid tile z{zoom}", goal, mine, theirs, mine if zoom == 14 else (), tiles=True)
    uncached = [
        replace(case, name=f"{case.name}, not cached", ours=_as_of_other_days(case.ours, rng), uncached=True)
        for case in plain.values()
    ]
    return [*uncached, *(replace(case, name=f"{case.name}, cached", goal=40.0, pygeoapi=()) for case in plain.values())]


def _as_of_other_days(paths: Sequence[str], rng: np.random.Generator) -> tuple[str, ...]:
    """The same tiles as of days to come: the same grids, by the same statement, and no answer twice in a run."""
    days = (_LATER + timedelta(days=int(day)) for day in rng.permutation(_QUESTIONS // len(paths) + 1))
    return tuple(f"{path}&datetime={day.isoformat()}" for day in days for path in paths)
