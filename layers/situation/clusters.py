"""Clusters of cases over the last days, with whom they concern: grids, villages, townships and departments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import shapely
from h3.api import basic_int
from numpy.typing import NDArray
from psycopg2.extensions import cursor as Cursor

from geo.heat.cells import cell_polygons
from geo.hotspots.neighbours import single_rings
from geo.hotspots.scan import Cluster, scan
from layers.database.columns import read_columns
from layers.database.sqltext import Sql, all_of
from layers.jobs.progress import report
from layers.situation.case_columns import VOID
from layers.situation.case_filter import CaseFilter, reported_within
from layers.situation.rules import Rules
from layers.situation.type_numbers import TYPE_NUMBER, name_of

Boundary = Literal["grid", "village", "township"]
BOUNDARIES: tuple[Boundary, ...] = ("township", "village", "grid")
"""From the one that matters most."""

_CODES = """
    select case_no, grid_code, village_code, township_code from wangge.cases
    where fid = any (%s::bigint[]) order by case_no
"""


@dataclass(frozen=True)
class Look:
    """How clusters are looked for.

    Attributes
    ----------
    last : date
        Clusters are those that last up to this day.
    history : int
        Days, this one included, from which it is learnt what is usual.
    longest : int
        Days of the longest cluster.
    resolution : int
        H3 resolution of the cells that zones are made of.
    rings : int
        Rings of cells of the largest zone.
    least : int
        Fewest cases.
    level : float
        Greatest p.
    simulations : int
    seed : int
        Of the permutations.
    share : float
        Least share of a cluster's cases that makes a grid, village, township or department one that it concerns; and
        at least two of them.
    """

    last: date
    history: int = 90
    longest: int = 14
    resolution: int = 9
    rings: int = 4
    least: int = 4
    level: float = 0.05
    simulations: int = 199
    seed: int = 0
    share: float = 0.1


@dataclass(frozen=True, eq=False)
class Consulted:
    """A cluster, and whom it concerns.

    Attributes
    ----------
    cluster : Cluster
    first, last : date
        Its days.
    polygon : shapely geometry
        Its cells and those among them without cases, EPSG:4490.
    crosses : str or None
        The boundary that matters most among those that it crosses.
    concerned : dict of str to dict of str to int
        Cases by code of the ``grid``, ``village``, ``township``, and by id of the ``department``: of those that it
        concerns, the most first.
    types : dict of str to int
        Cases by type, the most first.
    case_nos : list of str
    """

    cluster: Cluster
    first: date
    last: date
    polygon: shapely.Geometry
    crosses: Boundary | None
    concerned: dict[str, dict[str, int]]
    types: dict[str, int]
    case_nos: list[str]

    @property
    def joint(self) -> bool:
        """Whether more than one side has to come together."""
        return self.crosses is not None or len(self.concerned["department"]) > 1


def consult(cur: Cursor, look: Look, cases: CaseFilter, rules: Rules) -> tuple[list[Consulted], int]:
    """Clusters among the cases that the asker may see, and how many cases were looked at.

    Raises
    ------
    InvalidInput
        When the longest cluster is as long as the history.
    """
    report(0, 1, "progress.situation.reading")
    first = look.last - timedelta(days=look.history - 1)
    rows = read_columns(
        cur,
        Sql(
            "select fid, wangge.h3_parent(cell, %s::integer), wangge.day_of(reported_at) - %s::date,",
            (look.resolution, first),
        )
        + TYPE_NUMBER
        + Sql("from wangge.cases")
        + all_of(
            [
                *reported_within(first, look.last + timedelta(days=1)),
                Sql("state <> %s::text", (VOID,)),
                *cases.conditions,
            ]
        )
        # the order of the rows decides which of them a permutation moves
        + Sql("order by reported_at, fid"),
        {"fid": "bigint", "cell": "bigint", "day": "integer", "type": "integer"},
    )
    cells, place = np.unique(rows["cell"], return_inverse=True)
    found = scan(
        place.astype(np.intp),
        rows["day"].astype(np.intp),
        look.history,
        single_rings(cells, look.rings),
        longest=look.longest,
        least=look.least,
        simulations=look.simulations,
        rng=np.random.default_rng(look.seed),
        level=look.level,
        progress=_telling(),
    )
    departments = rules.departments_of(rows["type"].astype(np.int64))
    names = list(rules.department_names)
    out = []
    for cluster in found:
        begin = look.history - cluster.days
        inside = np.isin(place, cluster.places) & (rows["day"] >= begin)
        out.append(
            _consulted(
                cur, look, cluster, basic_int.grid_disk(int(cells[cluster.centre]), cluster.ring), rows["fid"][inside],
                [names[number] for number in departments[inside].tolist()],
                [name_of(number) for number in rows["type"][inside].tolist()],
            )
        )  # fmt: skip
    return out, len(place)


def _telling() -> Callable[[float], None]:
    told = -1

    def tell(share: float) -> None:
        nonlocal told
        if int(share * 50) > told:
            told = int(share * 50)
            report(share, 1, "progress.clusters.scanning")

    return tell


def _consulted(
    cur: Cursor,
    look: Look,
    cluster: Cluster,
    cells: list[int],
    fids: NDArray[np.int64],
    departments: list[str],
    types: list[str],
) -> Consulted:
    cur.execute(_CODES, (fids.tolist(),))
    rows: list[tuple[Any, ...]] = cur.fetchall()
    concerned = {
        level: _most([row[at] for row in rows], look.share)
        for level, at in (("grid", 1), ("village", 2), ("township", 3))
    }
    concerned["department"] = _most(departments, look.share)
    crosses = next((level for level in BOUNDARIES if len(concerned[level]) > 1), None)
    return Consulted(
        cluster,
        look.last - timedelta(days=cluster.days - 1),
        look.last,
        shapely.union_all(cell_polygons(cells)),
        crosses,
        concerned,
        dict(Counter(types).most_common()),
        [row[0] for row in rows],
    )


def _most(values: Sequence[str | None], share: float) -> dict[str, int]:
    """Those that have at least two cases and a share of them, the most first, then by name."""
    counted = sorted(Counter(value for value in values if value).items(), key=lambda pair: (-pair[1], pair[0]))
    return {name: count for name, count in counted if count >= max(2, share * len(values))}
