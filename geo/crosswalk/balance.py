"""What goes into a crosswalk and what comes out: totals that add up, and everything that is lost on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from geo.crosswalk.crosswalk import Crosswalk
from geo.crosswalk.people import Spread

Floats = NDArray[np.float64]

#: Of a cell's or grid's area: what is smaller is the width of a border, drawn or projected with other vertices. It is
#: in the totals, and a sliver among the relations, but not listed as a loss of its own.
LEAST_SHARE: Final = 1e-4

LossKind = Literal["outside", "sliver", "overlap"]


@dataclass(frozen=True)
class Balance:
    """Area or people of the cells of one department.

    Parameters
    ----------
    cells : float
        Of all its cells, each for itself.
    kept, sliver, outside : float
        In relations, in relations that were dropped as slivers, and outside of every grid.
    doubled : float
        Counted in several grids, since they overlap: ``cells = kept + sliver + outside - doubled``.
    """

    cells: float
    kept: float
    sliver: float
    outside: float
    doubled: float


@dataclass(frozen=True)
class Loss:
    """Something of a cell that no grid gets, or that a grid gets twice.

    Parameters
    ----------
    kind : {'outside', 'sliver', 'overlap'}
        Outside of every grid; common ground with a grid that was dropped as a sliver; ground of a grid that several
        cells of one department claim (the cell is `NOWHERE` then).
    department, cell, grid : int
        Positions in the crosswalk, -1 where it is of none.
    area_m2, share : float
        And the share of the cell's area; of the grid's where there is no cell.
    people : float or None
    """

    kind: LossKind
    department: int
    cell: int
    grid: int
    area_m2: float
    share: float
    people: float | None


def area_balance(walk: Crosswalk, department: int) -> Balance:
    """Square metres of a department's cells."""
    mine = walk.department == department
    rows = mine[walk.relations.cell]
    kept = walk.relations.kept
    area = walk.relations.area_m2
    return _balance(
        float(walk.cell_area_m2[mine].sum()), float(area[rows & kept].sum()), float(area[rows & ~kept].sum()),
        float(walk.outside_m2[mine].sum()),
    )  # fmt: skip


def people_balance(walk: Crosswalk, department: int) -> Balance | None:
    """People of a department's cells; None without a layer of people."""
    if walk.spread is None:
        return None
    mine = walk.department == department
    rows = mine[walk.relations.cell]
    kept = walk.relations.kept
    people = walk.spread.relation
    return _balance(
        float(walk.spread.cell[mine].sum()), float(people[rows & kept].sum()), float(people[rows & ~kept].sum()),
        float(_people_outside(walk, walk.spread)[mine].sum()),
    )  # fmt: skip


def losses(walk: Crosswalk) -> list[Loss]:
    """Every loss of `LEAST_SHARE` or more, those of each department together, the largest first."""
    found = [*_outside(walk), *_slivers(walk), *_overlaps(walk)]
    return sorted(found, key=lambda loss: (loss.department, loss.kind, -loss.area_m2, loss.cell, loss.grid))


def _balance(cells: float, kept: float, sliver: float, outside: float) -> Balance:
    return Balance(cells, kept, sliver, outside, kept + sliver + outside - cells)


def _people_outside(walk: Crosswalk, spread: Spread) -> Floats:
    inside = np.bincount(walk.relations.cell, weights=spread.relation, minlength=len(walk.cell_ids))
    return np.maximum(spread.cell - inside, 0.0)


def _outside(walk: Crosswalk) -> list[Loss]:
    people = _people_outside(walk, walk.spread) if walk.spread is not None else None
    found = []
    for cell in np.flatnonzero(walk.outside_m2 > LEAST_SHARE * walk.cell_area_m2).tolist():
        area = float(walk.outside_m2[cell])
        found.append(
            Loss("outside", int(walk.department[cell]), cell, -1, area, area / float(walk.cell_area_m2[cell]),
                 None if people is None else float(people[cell]))
        )  # fmt: skip
    return found


def _slivers(walk: Crosswalk) -> list[Loss]:
    relations = walk.relations
    seen = ~relations.kept & (np.maximum(relations.cell_share, relations.grid_share) >= LEAST_SHARE)
    if walk.spread is not None:
        seen |= ~relations.kept & (walk.spread.relation > 0)
    found = []
    for row in np.flatnonzero(seen).tolist():
        cell = int(relations.cell[row])
        found.append(
            Loss("sliver", int(walk.department[cell]), cell, int(relations.grid[row]), float(relations.area_m2[row]),
                 float(relations.cell_share[row]),
                 None if walk.spread is None else float(walk.spread.relation[row]))
        )  # fmt: skip
    return found


def _overlaps(walk: Crosswalk) -> list[Loss]:
    relations = walk.relations
    grids = len(walk.grid_ids)
    key = walk.department[relations.cell] * grids + relations.grid
    claimed = np.bincount(key, weights=relations.area_m2, minlength=walk.covered_m2.size).reshape(walk.covered_m2.shape)
    twice = claimed - walk.covered_m2
    found = []
    for one, grid in zip(*np.nonzero(twice > LEAST_SHARE * walk.grid_area_m2), strict=True):
        area = float(twice[one, grid])
        found.append(Loss("overlap", int(one), -1, int(grid), area, area / float(walk.grid_area_m2[grid]), None))
    return found
