"""Grids in which one department has several cells, and which of them is proposed to take the grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geo.crosswalk.crosswalk import Crosswalk
from geo.crosswalk.largest import largest


@dataclass(frozen=True)
class Conflict:
    """A grid with several cells of one department.

    Parameters
    ----------
    department, grid : int
        Positions in the crosswalk.
    relations : tuple of int
        Rows of the crosswalk's relations, the largest share of the grid first.
    proposed : int
        Cell that has most of the grid: of its people when the crosswalk was made by people and it has any, else of its
        area.
    """

    department: int
    grid: int
    relations: tuple[int, ...]
    proposed: int


def conflicts(walk: Crosswalk, *, by_people: bool = True) -> list[Conflict]:
    """All conflicts, by department and grid; slivers make none.

    Parameters
    ----------
    walk : Crosswalk
    by_people : bool
        Propose by people where the grid has any.
    """
    relations = walk.relations
    rows = np.flatnonzero(relations.kept)
    share = relations.grid_share[rows]
    if by_people and relations.grid_people_share is not None:
        of_people = relations.grid_people_share[rows]
        share = np.where(np.isnan(of_people), share, of_people)
    key = walk.department[relations.cell[rows]] * len(walk.grid_ids) + relations.grid[rows]
    winner = rows[largest(key, share, relations.cell[rows])]
    # the proposed one stands first, then by share
    first = np.isin(rows, winner)
    order = np.lexsort((relations.cell[rows], -share, ~first, key))
    _, begin, size = np.unique(key[order], return_index=True, return_counts=True)
    found = []
    for start, count in zip(begin[size > 1].tolist(), size[size > 1].tolist(), strict=True):
        members = rows[order[start : start + count]]
        cell = int(relations.cell[members[0]])
        found.append(
            Conflict(int(walk.department[cell]), int(relations.grid[members[0]]), tuple(members.tolist()), cell)
        )
    return found
