"""The lattice of published counts: every count that could be published, and which are the sums of which.

Counts are published of three things crossed: **where** (the whole city and H3 cells of several resolutions), **when**
(months and years) and **what** (each class, and all of them together). A `View` is one such crossing, as "cells of
resolution 8 by month". Every count of every view is an *entry*; an entry and the finer entries that add up to it are a
*family*. Families are all that subtraction can use, so the privacy of what is shown is a question of the lattice alone.

Counts are published in *releases*. What a later one adds to a period that was published before makes another entry
beside the older one, and the difference of both is an entry as well, hidden or told like any other, because anybody
can keep the older number and subtract.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from geo.heat.cells import parents

Ints = NDArray[np.int64]

#: Stands for the whole city, in place of a cell.
CITY: Final = 0
#: Stands for all classes together, in place of a class.
ALL: Final = -1
MONTHS: Final = 12
_ADDED: Final = -1


class View(NamedTuple):
    """One crossing of where, when and what.

    Attributes
    ----------
    resolution : int
        Of the H3 cells; `CITY` for the whole city.
    by_year : bool
        Years, else months.
    by_class : bool
        A count a class, else one of all classes.
    """

    resolution: int
    by_year: bool
    by_class: bool


#: What is published, and the city's own totals. These are no layer, but may be read elsewhere.
VIEWS: Final = (
    *(View(resolution, by_year=True, by_class=False) for resolution in (CITY, 6, 7, 8, 9)),
    *(View(resolution, by_year=False, by_class=False) for resolution in (CITY, 6, 7, 8)),
    *(View(resolution, by_year=True, by_class=True) for resolution in (CITY, 6, 7, 8)),
)


@dataclass(frozen=True)
class Counts:
    """Counts that all entries are sums of; arrays of one length n.

    Attributes
    ----------
    cell : (n,) array of int64
        H3 cells of a resolution not coarser than any of the views.
    month : (n,) array of int64
        Months since the year 0: ``12 * year + month - 1``.
    class_ : (n,) array of int64
        Number of the class, from 0.
    release : (n,) array of int64
        Release that published them first.
    count : (n,) array of int64
        Greater than 0.
    """

    cell: Ints
    month: Ints
    class_: Ints
    release: Ints
    count: Ints

    def where(self, chosen: NDArray[np.bool_]) -> Counts:
        """Those that are chosen by an (n,) mask."""
        return Counts(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Lattice:
    """Entries and families; arrays of n entries.

    Attributes
    ----------
    view : (n,) array of int64
        Place in the views.
    cell, period, class_ : (n,) array of int64
        Cell or `CITY`; month (as in `Counts`) or year; class or `ALL`.
    edition : (n,) array of int64
        Newest release that added to the entry; ``-1 - release`` for the difference that a release made.
    value : (n,) array of int64
        The true count, greater than 0: nothing stands here for what is empty.
    families : (f, n) sparse array
        A row a family: -1 at the sum, 1 at each of its parts; ``families @ value`` is 0.
    """

    view: Ints
    cell: Ints
    period: Ints
    class_: Ints
    edition: Ints
    value: Ints
    families: csr_array

    @property
    def keys(self) -> Ints:
        """(n, 5) array: view, cell, period, class and edition, which together are an entry's name."""
        return np.stack((self.view, self.cell, self.period, self.class_, self.edition), axis=1)


def lattice(counts: Counts, through: Sequence[int], views: Sequence[View] = VIEWS) -> Lattice:
    """Every entry that was or could be published, with the families they form.

    Parameters
    ----------
    counts : Counts
        All that was ever published or now is to be, of whole years.
    through : sequence of int
        For each release, oldest first, the last month that was closed; never falling.
    views : sequence of View

    Returns
    -------
    Lattice
        A year has entries once all its months are closed, and not before.
    """
    names, values, pairs, total = [], [], [], 0
    for release, last in enumerate(through):
        before = through[release - 1] if release else -1
        known = counts.where((counts.release <= release) & (counts.month <= last))
        stack = [_entries(known, place, view, last) for place, view in enumerate(views)]
        starts = total + np.cumsum([0, *(len(part.value) for part in stack)])
        for kind, (upper, lower) in enumerate(_steps(views)):
            pairs.append(_pairs(kind, starts[upper], stack[upper].of, starts[lower], stack[lower].of))
        names += [part.names for part in stack]
        values += [part.value for part in stack]
        total = int(starts[-1])
        for place, view in enumerate(views):
            changed = _changes(known, place, view, release, before)
            for column in range(3):
                names.append(changed.names[column])
                values.append(changed.values[column])
            at = total + np.arange(len(changed.values[0]))
            # a kind of its own: the new number is the old one and what was added
            pairs += [
                np.column_stack((np.full(len(at), _ADDED), at, at + column * len(at))) for column in (1, 2)
            ]
            total += 3 * len(at)
    return _joined(np.concatenate(names), np.concatenate(values), np.concatenate(pairs))


class _Part(NamedTuple):
    """Entries of one view: names (n, 5), values (n,), and the entry of each count, below 0 for none."""

    names: Ints
    value: Ints
    of: Ints


def _entries(known: Counts, place: int, view: View, last: int) -> _Part:
    period = known.month // MONTHS if view.by_year else known.month
    there = period < (last + 1) // MONTHS if view.by_year else np.ones(len(period), dtype=bool)
    cell = np.full(len(period), CITY) if view.resolution == CITY else parents(known.cell, view.resolution)
    class_ = known.class_ if view.by_class else np.full(len(period), ALL)
    names, which = _unique(np.stack((cell, period, class_), axis=1)[there])
    value = np.bincount(which, weights=known.count[there], minlength=len(names)).astype(np.int64)
    edition = np.zeros(len(names), dtype=np.int64)
    np.maximum.at(edition, which, known.release[there])
    of = np.full(len(period), -1, dtype=np.int64)
    of[there] = which
    return _Part(np.column_stack((np.full(len(names), place), names, edition)), value, of)


class _Changes(NamedTuple):
    """Entries that a release added to: for each the new one, the one before and the difference."""

    names: tuple[Ints, Ints, Ints]
    values: tuple[Ints, Ints, Ints]


def _changes(known: Counts, place: int, view: View, release: int, before: int) -> _Changes:
    older = known.where((known.release < release) & (known.month <= before))
    late = known.where((known.release == release) & (known.month <= before))
    now = known.where(known.month <= before)
    new, old, added = (_entries(some, place, view, before) for some in (now, older, late))
    # those of which something was known before
    _, in_old, in_added = _common(old.names[:, :4], added.names[:, :4])
    _, in_new, again = _common(new.names[:, :4], added.names[in_added, :4])
    in_old, in_added = in_old[again], in_added[again]
    difference = added.names[in_added].copy()
    difference[:, 4] = -1 - release
    return _Changes(
        (new.names[in_new], old.names[in_old], difference),
        (new.value[in_new], old.value[in_old], added.value[in_added]),
    )


def _steps(views: Sequence[View]) -> list[tuple[int, int]]:
    """Pairs of views of which the first holds sums of the second: a step coarser where, when or what."""
    found = []
    for lower, view in enumerate(views):
        coarser = [other for other in views if other[1:] == view[1:] and other.resolution < view.resolution]
        above = [max(coarser)] if coarser else []
        above += [view._replace(by_year=True)] if not view.by_year else []
        above += [view._replace(by_class=False)] if view.by_class else []
        found += [(views.index(upper), lower) for upper in above if upper in views]
    return found


def _pairs(kind: int, upper_start: int, upper: Ints, lower_start: int, lower: Ints) -> Ints:
    """(n, 3) array: kind of the family, the sum, the part."""
    both = (upper >= 0) & (lower >= 0)
    found, _ = _unique(np.stack((upper[both] + upper_start, lower[both] + lower_start), axis=1))
    return np.column_stack((np.full(len(found), kind), found))


def _joined(names: Ints, values: Ints, pairs: Ints) -> Lattice:
    """The lattice of entries that may be named more than once; a family of one name is one family."""
    unique, which = _unique(names)
    value = np.zeros(len(unique), dtype=np.int64)
    value[which] = values
    pairs, _ = _unique(np.column_stack((pairs[:, 0], which[pairs[:, 1]], which[pairs[:, 2]])))
    families, row = _unique(pairs[:, :2])
    signs = np.concatenate((np.ones(len(pairs)), np.full(len(families), -1.0)))
    rows = np.concatenate((row, np.arange(len(families))))
    columns = np.concatenate((pairs[:, 2], families[:, 1]))
    matrix = csr_array(coo_array((signs, (rows, columns)), shape=(len(families), len(unique))))
    view, cell, period, class_, edition = unique.T
    return Lattice(view, cell, period, class_, edition, value, matrix)


def _unique(rows: Ints) -> tuple[Ints, Ints]:
    """Different rows in their order, and which of them each row is. As numpy's, but by columns: ten times as fast."""
    order = np.lexsort(rows.T[::-1])
    ordered = rows[order]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    which = np.empty(len(rows), dtype=np.int64)
    which[order] = np.cumsum(first) - 1
    return ordered[first], which


def contained(some: Ints, others: Ints) -> NDArray[np.bool_]:
    """Which rows of one array stand in the other; (n,) array of bool."""
    both, which = _unique(np.concatenate((some, others)))
    there = np.zeros(len(both), dtype=bool)
    there[which[len(some) :]] = True
    return there[which[: len(some)]]


def _common(some: Ints, others: Ints) -> tuple[Ints, Ints, Ints]:
    """Rows of both, and their places in each; within each no row is there twice."""
    both, which = _unique(np.concatenate((some, others)))
    at = np.full((2, len(both)), -1, dtype=np.int64)
    at[0, which[: len(some)]] = np.arange(len(some))
    at[1, which[len(some) :]] = np.arange(len(others))
    found = (at >= 0).all(axis=0)
    return both[found], at[0, found], at[1, found]


def regions(of: Lattice, resolution: int, finest: int, views: Sequence[View] = VIEWS) -> Ints:
    """Number of the region that each entry lies in: a year and a cell.

    Parameters
    ----------
    of : Lattice
    resolution : int
        Of the regions' cells.
    finest : int
        Entries of coarser cells than this one are in no region.
    views : sequence of View
        Of the lattice.

    Returns
    -------
    (n,) array of int64
        From 0; -1 for an entry in no region.
    """
    fine = np.array([view.resolution >= finest for view in views])[of.view]
    by_year = np.array([view.by_year for view in views])[of.view]
    year = np.where(by_year, of.period, of.period // MONTHS)
    _, which = _unique(np.column_stack((parents(of.cell[fine], resolution), year[fine])))
    found = np.full(len(fine), -1, dtype=np.int64)
    found[fine] = which
    return found
