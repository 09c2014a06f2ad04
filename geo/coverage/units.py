"""Overlaps and gaps of a coverage as groups of faces, who gets each, and what stands against it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.coverage.faces import Faces, Owners, put_together
from geo.coverage.gaps import TOUCH_M
from geo.coverage.width import width_m

Reason = Literal["too-wide", "moves-too-far", "would-empty", "would-split", "invalid", "by-hand"]
"""Why something stays what it is."""


@dataclass(frozen=True)
class Terms:
    """What units are given away under.

    Attributes
    ----------
    tolerance_m : float
        No border moves further.
    frozen : collection of int
        Polygons that are not put together anew, so nothing that would change them is done.
    still : collection of int
        Polygons whose ground does not change: what is theirs and another's stays theirs.
    """

    tolerance_m: float
    frozen: Collection[int] = frozenset()
    still: Collection[int] = frozenset()


@dataclass(eq=False)
class Unit:
    """Neighbouring faces with the same owners, which are given away together or not at all.

    Whoever is among ``keepers`` would vanish or fall apart without it, so nobody else may have it.
    """

    faces: list[int]
    owners: Owners
    shape: Any
    width: float
    winner: int | None = None
    reason: Reason | None = None
    moved: float = 0.0
    keepers: set[int] = field(default_factory=set)


def units_of(
    faces: Faces, outline: BaseGeometry | None, complete: bool, cuts: NDArray[Any] | None = None
) -> list[Unit]:
    """Faces claimed by none or several, joined where they lie side by side with the same owners and no cut between."""
    faulty = {f for f, one in enumerate(faces.owners) if len(one) > 1 or (complete and not one)}
    if outline is not None:
        points = shapely.point_on_surface(faces.shapes)
        shapely.prepare(outline)
        faulty = {f for f in faulty if faces.owners[f] or outline.intersects(points[f])}
    beside: dict[int, set[int]] = defaultdict(set)
    edges = faces.edges
    if cuts is not None and len(cuts):
        middle = shapely.points((edges.ends[:, :2] + edges.ends[:, 2:]) / 2)
        edges = edges.where(~shapely.dwithin(shapely.union_all(cuts), middle, TOUCH_M))
    for f, g in zip(edges.owner.tolist(), edges.partner.tolist(), strict=True):
        if g >= 0 and f in faulty and g in faulty and faces.owners[f] == faces.owners[g]:
            beside[f].add(g)
    units, seen = [], set()
    for f in sorted(faulty):
        if f in seen:
            continue
        group, todo = {f}, [f]
        while todo:
            fresh = beside[todo.pop()] - group
            group |= fresh
            todo += fresh
        seen |= group
        units.append((sorted(group), faces.owners[f], put_together(faces.shapes[sorted(group)])))
    shapes = np.full(len(units), None, dtype=object)
    shapes[:] = [shape for _, _, shape in units]
    return [Unit(*unit, width) for unit, width in zip(units, width_m(shapes).tolist(), strict=True)]


def sides_of(unit: Unit, faces: Faces) -> list[tuple[NDArray[np.float64], Owners]]:
    """Edges of a unit's outside with the owners of what lies beyond."""
    inside = set(unit.faces)
    rows = np.flatnonzero(np.isin(faces.edges.owner, unit.faces))
    nobody: Owners = frozenset()
    out = []
    for row in rows.tolist():
        partner = int(faces.edges.partner[row])
        if partner not in inside:
            out.append((faces.edges.ends[row], faces.owners[partner] if partner >= 0 else nobody))
    return out


def choose(unit: Unit, faces: Faces, terms: Terms, kept: Reason = "would-empty") -> None:
    """Who gets a unit, or why nobody does; ``kept`` is the reason where somebody else has to keep it."""
    unit.winner, unit.moved = None, 0.0
    if unit.width >= terms.tolerance_m:
        unit.reason = "too-wide"
        return
    sides = sides_of(unit, faces)
    border: dict[int, float] = defaultdict(float)
    for ends, beyond in sides:
        length = float(np.hypot(*(ends[2:] - ends[:2])))
        for p in beyond:
            border[p] += length
    held = unit.owners & set(terms.still)
    if unit.keepers:
        candidates = sorted(unit.keepers) if len(unit.keepers | held) == 1 else []
    elif held:
        candidates = sorted(held) if len(held) == 1 else []
    elif unit.owners:
        candidates = [p for p in border if p in unit.owners] or sorted(unit.owners)
    else:
        candidates = [p for p in border if p not in terms.still]
    if not candidates:
        unit.reason = kept if unit.keepers else "by-hand"
        return
    winner = min(candidates, key=lambda p: (-round(border[p], 6), p))
    losers = unit.owners - {winner}
    changing = losers or {winner}
    if changing & set(terms.frozen):
        unit.reason = "invalid"
        return
    for p in changing:
        within = [ends for ends, beyond in sides if p in beyond]
        without = [ends for ends, beyond in sides if p not in beyond]
        unit.moved = max(unit.moved, _apart(within, without, unit.width))
    if unit.moved > terms.tolerance_m:
        unit.reason = "moves-too-far"
        return
    unit.winner = winner


def _apart(one: list[NDArray[np.float64]], two: list[NDArray[np.float64]], width: float) -> float:
    """How far the border goes from one side of a unit to the other; where all of it goes or comes, the width."""
    if not one or not two:
        return width
    lines = [shapely.multilinestrings(np.array(side).reshape(-1, 2, 2)) for side in (one, two)]
    return float(shapely.hausdorff_distance(*lines, densify=0.2))


def hold(units: list[Unit], faces: Faces, polygons: NDArray[Any], terms: Terms) -> list[Owners]:
    """Owners of the faces after all steps that empty and split nobody, nor make a part of anybody vanish.

    A step that does goes the other way, so that the one concerned wins, and is taken back where that does not do.
    """
    while True:
        owners = list(faces.owners)
        losing: dict[int, list[Unit]] = defaultdict(list)
        for unit in units:
            if unit.winner is None:
                continue
            for p in unit.owners - {unit.winner}:
                losing[p].append(unit)
            for f in unit.faces:
                owners[f] = frozenset({unit.winner})
        whose: dict[int, list[int]] = defaultdict(list)
        for f, one in enumerate(owners):
            for p in one & losing.keys():
                whose[p].append(f)
        held = True
        for p, mine in losing.items():
            new = put_together(faces.shapes[whose[p]])
            gone = _gone(polygons[p], new)
            if not len(gone) and shapely.get_num_geometries(new) <= shapely.get_num_geometries(polygons[p]):
                continue
            held = False
            reason: Reason = "would-empty" if len(gone) else "would-split"
            # what a part vanished with, or was cut off by
            at = shapely.point_on_surface(gone) if len(gone) else _cut_off(polygons[p], new)
            concerned = [unit for unit in mine if shapely.dwithin(at, unit.shape, TOUCH_M).any()]
            for unit in concerned or mine:
                unit.keepers.add(p)
                choose(unit, faces, terms, reason)
        if held:
            return owners


def _cut_off(old: BaseGeometry, new: BaseGeometry) -> NDArray[np.object_]:
    """The smallest parts of a polygon, as many as it has more than it had."""
    parts = shapely.get_parts(new)
    more = len(parts) - shapely.get_num_geometries(old)
    smallest: NDArray[np.object_] = parts[np.argsort(shapely.area(parts), kind="stable")[:more]]
    return smallest


def _gone(old: BaseGeometry, new: BaseGeometry) -> NDArray[np.object_]:
    """Parts of a polygon of which nothing is left."""
    parts = shapely.get_parts(old)
    gone: NDArray[np.object_] = parts[shapely.area(shapely.intersection(parts, new)) <= 0]
    return gone
