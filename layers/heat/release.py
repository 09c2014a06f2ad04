"""Releases of counts to the public: what was closed is counted, small counts are hidden, the rest is told and kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from psycopg2.extensions import cursor as Cursor

from geo.errors import Conflict, InvalidInput
from geo.heat.lattice import ALL, MONTHS, VIEWS, Counts, Lattice, View, contained, lattice
from geo.heat.suppression import suppress
from layers.heat.public import Publishing

Ints = NDArray[np.int64]

_ALL: Final = "all"
_SEED: Final = 20260101
"""Of the directions in which the attacker looks; which counts are safe doesn't hang on it."""


@dataclass(frozen=True)
class Shown:
    """How much of one view a release tells.

    Attributes
    ----------
    view : View
    cells, cells_shown : int
        Counts that are not 0, and those that were told.
    cases, cases_shown : int
        Cases in them.
    """

    view: View
    cells: int
    cells_shown: int
    cases: int
    cases_shown: int


@dataclass(frozen=True)
class Release:
    """A release as it was made.

    Attributes
    ----------
    number : int
        From 0.
    through : date
        First day of the last month that it closed.
    shown : tuple of Shown
        Of what this release decided on, a view each.
    """

    number: int
    through: date
    shown: tuple[Shown, ...]


def release_counts(
    cur: Cursor, publishing: Publishing, *, through: date | None = None, revise: bool = False
) -> Release | None:
    """Tell the public the counts of all months that are closed by now and not told yet, and of the years they end.

    Parameters
    ----------
    cur : cursor
        In a transaction of an administrator.
    publishing : Publishing
        The least count that is told, and how long after its end a month is closed.
    through : date, optional
        First day of the last month to close; the last one that can be when not given.
    revise : bool
        Also tell what months that were told before have more by now, as after an import of older cases.

    Returns
    -------
    Release or None
        None when there is nothing to tell.

    Raises
    ------
    InvalidInput
        When ``through`` is not over, or not closed by now.
    Conflict
        When what was told before leaves no way to hide; nothing is released then.
    """
    cur.execute("select through, least_count from wangge.heat_releases order by release")
    known = cur.fetchall()
    earlier = [ended for ended, _ in known]
    closed = _closed(cur, publishing, through)
    if earlier:
        closed = max(closed, earlier[-1])
        if closed == earlier[-1] and not revise:
            return None
    number = len(earlier)
    cur.execute("select * from wangge.heat_to_release(%s, %s)", (closed, revise))
    rows = cur.fetchall()
    if not any(row[0] == number for row in rows):
        return None
    classes = sorted({row[3] for row in rows})
    counts = _counts(rows, classes)
    ends = [_month(day) for day in (*earlier, closed)]
    made = lattice(counts, ends)
    old = lattice(counts.where(counts.release < number), ends[:-1]) if earlier else None
    shown, kept_back = _decided(cur, made, old, classes)
    rng = np.random.default_rng(_SEED)
    least = publishing.least_count
    width = min(least, *(count for _, count in known)) if known else least
    found = suppress(made, least, rng, shown=shown, kept_back=kept_back, width=width)
    if len(found.unsafe):
        raise Conflict("heat.unsafe", count=len(found.unsafe))
    fresh = ~shown & ~kept_back
    _keep(cur, number, closed, publishing, counts, classes, made, fresh & ~found.hidden)
    return Release(number, closed, _shares(made, fresh & (made.edition >= 0), found.hidden))


def _closed(cur: Cursor, publishing: Publishing, wanted: date | None) -> date:
    """First day of the last month to close: none behind the last case, since its cases may still be loaded."""
    cur.execute(
        "select (date_trunc('month', wangge.day_of(now()) - %s) - interval '1 month')::date,"
        " date_trunc('month', max(day))::date from wangge.case_counts",
        (publishing.settle_days,),
    )
    ((over, latest),) = cur.fetchall()
    if wanted is None:
        wanted = over
    if wanted > over:
        raise InvalidInput("heat.not-closed", month=f"{wanted:%Y-%m}", last=f"{over:%Y-%m}")
    return min(wanted, latest or wanted)


def _counts(rows: list[tuple[Any, ...]], classes: list[str]) -> Counts:
    number = {name: place for place, name in enumerate(classes)}
    found = np.array(
        [(release, _month(day), cell, number[name], count) for release, day, cell, name, count in rows], dtype=np.int64
    )
    release, month, cell, class_, count = found.reshape(-1, 5).T
    return Counts(cell, month, class_, release, count)


def _decided(
    cur: Cursor, made: Lattice, old: Lattice | None, classes: list[str]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which entries earlier releases told, and which they kept back."""
    if old is None:
        nothing = np.zeros(len(made.value), dtype=bool)
        return nothing, nothing
    cur.execute(
        "select * from wangge.heat_told_of(%s::date[])",
        ([date(year, 1, 1) for year in np.unique(old.period // np.where(_by_year(old), 1, MONTHS)).tolist()],),
    )
    number = {name: place for place, name in enumerate(classes)} | {_ALL: ALL}
    told = [
        (
            VIEWS.index(View(resolution, by_year, name != _ALL)), cell, period.year if by_year else _month(period),
            number[name], edition,
        )
        for by_year, period, resolution, cell, name, edition in cur.fetchall()
    ]  # fmt: skip
    shown = contained(made.keys, np.array(told, dtype=np.int64).reshape(-1, 5))
    return shown, contained(made.keys, old.keys) & ~shown


def _keep(
    cur: Cursor, number: int, closed: date, publishing: Publishing, counts: Counts, classes: list[str], made: Lattice,
    told: NDArray[np.bool_],
) -> None:  # fmt: skip
    added = counts.where(counts.release == number)
    by_year = _by_year(made)[told]
    periods = [
        date(period, 1, 1) if yearly else _day(period)
        for yearly, period in zip(by_year.tolist(), made.period[told].tolist(), strict=True)
    ]
    names = dict(enumerate(classes)) | {ALL: _ALL}
    resolutions = np.array([view.resolution for view in VIEWS])[made.view[told]]
    cur.execute(
        "select wangge.keep_release(%s, %s, %s, %s::date[], %s::bigint[], %s::text[], %s::integer[], %s::boolean[],"
        " %s::date[], %s::smallint[], %s::bigint[], %s::text[], %s::integer[], %s::integer[])",
        (
            number, closed, publishing.least_count,
            [_day(month) for month in added.month.tolist()], added.cell.tolist(),
            [names[class_] for class_ in added.class_.tolist()], added.count.tolist(),
            by_year.tolist(), periods, resolutions.tolist(), made.cell[told].tolist(),
            [names[class_] for class_ in made.class_[told].tolist()], made.edition[told].tolist(),
            made.value[told].tolist(),
        ),
    )  # fmt: skip


def _shares(made: Lattice, fresh: NDArray[np.bool_], hidden: NDArray[np.bool_]) -> tuple[Shown, ...]:
    found = []
    for place, view in enumerate(VIEWS):
        chosen = fresh & (made.view == place)
        told = chosen & ~hidden
        if view.resolution and chosen.any():
            sums = (int(chosen.sum()), int(told.sum()), int(made.value[chosen].sum()), int(made.value[told].sum()))
            found.append(Shown(view, *sums))
    return tuple(found)


def _by_year(made: Lattice) -> NDArray[np.bool_]:
    return np.array([view.by_year for view in VIEWS])[made.view]


def _month(day: date) -> int:
    return MONTHS * day.year + day.month - 1


def _day(month: int) -> date:
    return date(month // MONTHS, month % MONTHS + 1, 1)
