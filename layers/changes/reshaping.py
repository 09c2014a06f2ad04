"""Grids of a change set split, merged, retired and moved to other villages, with what people wrote of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.changes.merging import Merged, heir_of, merge
from geo.coverage.net import carved
from geo.crosswalk.apportion import apportion
from geo.errors import InvalidInput
from layers.changes.drafting import Draft, WorkingGrid
from layers.checking.coverages import SCATTERED_KIND

COUNTED: Final = ("leaders", "members", "info_managers", "instructors", "volunteers")
"""The team of a grid: stays with the largest part of a split, and is summed by a merge."""

_NET_KIND: Final = "social"


@dataclass(frozen=True)
class Part:
    """A part of a grid that was split: its id in the working copy, name and population."""

    id: str
    name: str | None
    population: int | None


def split(
    draft: Draft, grid: WorkingGrid, parts: NDArray[Any], weights: NDArray[np.float64], names: Sequence[str]
) -> list[Part]:
    """Put parts in the place of a grid.

    Parameters
    ----------
    draft : Draft
    grid : WorkingGrid
    parts : (k,) array of shapely polygons
        EPSG:4490.
    weights : (k,) array of float
        What the grid's population is shared by; whole people, their sum stays.
    names : sequence of str
        In the order of the parts; where one is missing, the grid's name with a number.

    Returns
    -------
    list of Part
        The largest part goes on as the edited grid, and keeps its team; the others are new.
    """
    people: list[int | None] = [None] * len(parts)
    if grid.values["population"] is not None:
        total = np.array([grid.values["population"]])
        share = weights / weights.sum() * total[0]
        people = list(apportion(share, np.zeros(len(parts), dtype=np.intp), total).tolist())
    largest = int(np.argmax(shapely.area(draft.plane.flat(parts))))
    own = grid.values["name"]
    found = []
    for k, part in enumerate(parts):
        name = names[k] if k < len(names) else (f"{own}-{k + 1}" if own else None)
        values = {"name": name, "population": people[k]}
        if k == largest:
            draft.patch(grid.id, values, part)
            found.append(Part(grid.id, name, people[k]))
        else:
            kept = {"kind": grid.values["kind"], "village_code": grid.values["village_code"]}
            found.append(Part(draft.create({**kept, **values}, part), name, people[k]))
    return found


def join(draft: Draft, grids: Sequence[WorkingGrid], keep: WorkingGrid, name: str | None, multipart: bool) -> Merged:
    """Make one grid of several.

    Parameters
    ----------
    draft : Draft
    grids : sequence of WorkingGrid
    keep : WorkingGrid
        The one of them that goes on as the edited grid; population and teams are summed.
    name : str or None
        That of ``keep`` when None.
    multipart : bool
        Whether they may be no neighbours.

    Raises
    ------
    InvalidInput
        For grids of several kinds or villages, for those that are no neighbours unless they may be none, and whatever
        `geo.changes.merging.merge` refuses.
    """
    for column, key in (("kind", "merge.kinds"), ("village_code", "merge.villages")):
        values = sorted({str(grid.values[column]) for grid in grids})
        if len(values) > 1:
            raise InvalidInput(key, values=", ".join(values))
    merged = merge([grid.geometry for grid in grids], plane=draft.plane)
    if merged.parts > 1 and not multipart:
        raise InvalidInput("merge.apart", ids=", ".join(grid.id for grid in grids), parts=merged.parts)
    sums = {column: _sum([grid.values[column] for grid in grids]) for column in ("population", *COUNTED)}
    draft.patch(keep.id, {"name": name or keep.values["name"], **sums}, merged.geometry)
    for grid in grids:
        if grid.id != keep.id:
            draft.delete(grid.id)
    return merged


def retire(draft: Draft, grid: WorkingGrid, heir: str | None) -> tuple[WorkingGrid | None, Merged | None]:
    """End a grid, and give its ground and people to a neighbour where somebody has to have them.

    Parameters
    ----------
    draft : Draft
    grid : WorkingGrid
    heir : str or None
        Id of the grid that takes over; the neighbour in the same village with most of its border when None.

    Returns
    -------
    tuple
        The heir as it was and what it is now; None twice for a dedicated grid that lies on others: nothing is missing
        without it.

    Raises
    ------
    InvalidInput
        When there is no neighbour in the village, and whatever merging refuses.
    """
    around = draft.neighbours(grid, _NET_KIND)
    on_top = grid.values["kind"] == SCATTERED_KIND and not _is_carved(draft, grid, around)
    if on_top and heir is None:
        draft.delete(grid.id)
        return None, None
    if heir is None:
        place, _ = heir_of(grid.geometry, [one.geometry for one in around], plane=draft.plane)
        if place is None:
            raise InvalidInput("retire.no-heir", id=grid.id, village=grid.values["village_code"])
        taker = around[place]
    else:
        taker = draft.grid(heir)
        if taker.id == grid.id:
            raise InvalidInput("retire.own-heir", id=grid.id)
    merged = merge([taker.geometry, grid.geometry], plane=draft.plane)
    if merged.parts > shapely.get_num_geometries(taker.geometry):
        raise InvalidInput("merge.apart", ids=f"{taker.id}, {grid.id}", parts=merged.parts)
    people = _sum([taker.values["population"], grid.values["population"]])
    draft.patch(taker.id, {"population": people}, merged.geometry)
    draft.delete(grid.id)
    return taker, merged


def _is_carved(draft: Draft, grid: WorkingGrid, around: Sequence[WorkingGrid]) -> bool:
    """Whether a dedicated grid fills a gap of the others rather than lying on them."""
    if not around:
        return False
    net = draft.plane.flat(_array([one.geometry for one in around]))
    return bool(carved(draft.plane.flat(_array([grid.geometry])), net)[0])


def _array(shapes: Sequence[Any]) -> NDArray[np.object_]:
    out = np.empty(len(shapes), dtype=object)
    out[:] = list(shapes)
    return out


def _sum(values: Sequence[int | None]) -> int | None:
    """Sum of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def move_villages(draft: Draft, grids: Sequence[WorkingGrid], villages: Mapping[str, str]) -> None:
    """Give grids the new code of their village."""
    for grid in grids:
        draft.patch(grid.id, {"village_code": villages[grid.values["village_code"]]})
