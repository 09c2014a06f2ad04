"""Where a density comes from: exact places for staff of the whole city, published counts for everybody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import orjson
from numpy.typing import NDArray

from geo.crs import project, transformer
from geo.heat.cells import cell_polygons
from geo.heat.remainders import each_once
from geo.heat.spreading import spread
from layers.database.database import Database
from layers.database.sqltext import Sql, all_of
from layers.features.moments import Period
from layers.identity import PUBLIC, Identity
from layers.rasters.request import DensityRequest

Audience = Literal["public", "staff"]

SOURCE_LAYERS: dict[Audience, tuple[str, ...]] = {
    "public": ("case-heat", "divisions"),
    "staff": ("cases", "divisions"),
}
"""Layers that a map of each audience is made from; the divisions bring the city's outline."""

SOURCE_VERSIONS: dict[Audience, tuple[str, ...]] = {
    "public": ("case-heat-released", "divisions"),
    "staff": ("cases", "divisions"),
}
"""Versions that it hangs on: what the public sees changes by releases alone."""

_RELEASED = Sql("audience = 'public' and class_code = 'all' and channel = 'all'")
"""Published counts of months over all classes and channels, of cells of every resolution."""

_KINDS = {
    "class_code": "wangge.class_of(category, type_code)", "type_code": "category || '-' || type_code",
    "channel": "channel",
}  # fmt: skip
"""What of a case each choice of a request is held against, as case heat has it."""

_SPACING_M = 75.0
"""Distance of the points that a cell's count is spread over: well below the least bandwidth."""


@dataclass(frozen=True)
class Cases:
    """Cases of a period as a density takes them.

    Attributes
    ----------
    x, y : (n,) arrays of float
        Metres in the city's metric CRS.
    weights : (n,) array of float or None
        Cases that each point stands for; None for one each.
    since, until : str or None
        First and last day of what was counted, ``YYYY-MM-DD``; None for no cases.
    versions : tuple of int
        Versions of the audience's source layers that it was read at, in the order of `SOURCE_LAYERS`.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    weights: NDArray[np.float64] | None
    since: str | None
    until: str | None
    versions: tuple[int, ...]


def audience_of(identity: Identity) -> Audience:
    """``staff`` for who sees the places of all cases. Staff of one township see their own alone, and a density made
    of those would be wrong at the border and right nowhere else; they get the public's.
    """
    return "staff" if identity.reaches("staff") and identity.township is None else "public"


def read_cases(database: Database, audience: Audience, request: DensityRequest, srid: int) -> Cases:
    """Cases of a period, and for staff of a kind, for an audience.

    Parameters
    ----------
    database : Database
        Logged in as the service, so that row-level security has the last word.
    request : DensityRequest
        For the public, every month that its period touches counts whole: counts are published by the month.
    srid : int
        The city's metric CRS.
    """
    if audience == "staff":
        return _exact(database, request, srid)
    return _published(database, request.period, srid)


def _exact(database: Database, request: DensityRequest, srid: int) -> Cases:
    """Places of cases. They come as one string of numbers: a row each would take ten times as long."""
    period = request.period
    chosen = [Sql(f"{_KINDS[name]} = %s::text", (value,)) for name, value in request.kinds.items()]
    chosen += [
        Sql(f"reported_at {op} %s::timestamptz", (edge,))
        for op, edge in (() if period is None else ((">=", period.start), ("<=", period.end)))
        if edge is not None
    ]
    statement = (
        Sql(
            "select string_agg(float8send(st_x(geom)) || float8send(st_y(geom)), ''::bytea),"
            " wangge.day_of(min(reported_at))::text, wangge.day_of(max(reported_at))::text,"
        )
        + _versions("staff")
        + Sql("from wangge.cases")
        + all_of(chosen)
    )
    packed, since, until, versions = database.fetch(statement.text, statement.values)[0]
    degrees = np.frombuffer(packed or b"", dtype=">f8").reshape(-1, 2)
    x, y = transformer(4490, srid).transform(degrees[:, 0].astype(float), degrees[:, 1].astype(float))
    return Cases(np.asarray(x), np.asarray(y), None, _text(since), _text(until), tuple(versions))


def _published(database: Database, period: Period | None, srid: int) -> Cases:
    """Published counts, each spread evenly over its cell. Nothing but rows that anybody may read goes in, whoever
    asks, so the map tells nothing that these rows don't.
    """
    statement = (
        Sql(
            "select coalesce(json_agg(json_build_array(cell, month - date '2000-01-01', count)), '[]')::text,"
            " min(month)::text, (max(month) + interval '1 month' - interval '1 day')::date::text,"
        )
        + _versions("public")
        + Sql("from wangge.case_heat")
        + all_of([_RELEASED, *_months(period)])
    )
    listed, since, until, versions = database.fetch(statement.text, statement.values, PUBLIC)[0]
    published = np.array(orjson.loads(listed), dtype=np.int64).reshape(-1, 3)
    cells, counts = each_once(published[:, 0], published[:, 1], published[:, 2])
    x, y, weights = spread(project(cell_polygons(cells), 4490, srid), counts, _SPACING_M)
    return Cases(x, y, weights, _text(since), _text(until), tuple(versions))


def _months(period: Period | None) -> list[Sql]:
    if period is None:
        return []
    found = []
    if period.start is not None:
        found.append(Sql("month >= date_trunc('month', wangge.day_of(%s::timestamptz))::date", (period.start,)))
    if period.end is not None:
        found.append(Sql("month <= wangge.day_of(%s::timestamptz)", (period.end,)))
    return found


def _versions(audience: Audience) -> Sql:
    """Versions of the source layers in the snapshot of the statement; 0 for one that never changed."""
    return Sql(
        "array(select coalesce(known.version, 0) from unnest(%s::text[]) with ordinality as wanted (layer, place)"
        " left join wangge.layer_versions as known using (layer) order by place)",
        (list(SOURCE_VERSIONS[audience]),),
    )


def _text(value: bytes | str | None) -> str | None:
    return value.decode() if isinstance(value, bytes) else value
