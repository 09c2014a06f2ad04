"""Counts of cases in the zones of the H3 grid, as the current identity may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.errors import InvalidInput
from geo.heat.cells import CASE_RESOLUTION, HEAT_RESOLUTIONS
from layers.database.database import Database
from layers.database.sqltext import Sql
from layers.features.items_request import ItemsRequest
from layers.heat.heat_request import heat_request
from layers.heat.sums import heat_counts

_COARSEST: Final = HEAT_RESOLUTIONS[0]


def counts_at(
    database: Database, request: ItemsRequest, level: int, within: Sequence[Sql] = ()
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Zones of a level that have cases, and how many.

    Parameters
    ----------
    database : Database
        Logged in as the service.
    request : ItemsRequest
        Its period and property filters choose the cases.
    level : int
        H3 resolution, 0 to 10; above 6 counts are sums of those of resolution 6.
    within : sequence of Sql
        Conditions on the counted cells, by the columns of ``wangge.h3_cells``.

    Returns
    -------
    (n,) array of int64, (n,) array of int64
        Cells in rising order, counts. What may not be told is not there.

    Raises
    ------
    InvalidInput
        When cases are not counted so finely.
    """
    if level > CASE_RESOLUTION:
        raise InvalidInput("dggs.level", level=level, most=CASE_RESOLUTION)
    wanted = heat_request(request, max(level, _COARSEST))
    # the very resolution that was asked for: a released one near to it has other zones
    wanted = replace(wanted, spread=wanted.spread | {"resolution"})
    counted = heat_counts(wanted, within)
    statement = Sql("select wangge.h3_parent(cell, %s::integer) as zone, sum(count)::bigint from (", (level,))
    statement += counted + Sql(") as counted group by 1 order by 1")
    rows = database.fetch(statement.text, statement.values, prepare=False)
    table = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def below(zone: int, level: int) -> Sql:
    """Condition on cells: that they lie below a zone in the grid's hierarchy (or are it)."""
    return Sql("wangge.h3_parent(cell, %s::integer) = %s::bigint", (level, zone))


