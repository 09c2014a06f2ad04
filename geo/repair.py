"""A proposal that mends what is narrow in a coverage: slivers given to a neighbour, borders given the same vertices.

Nothing is snapped. The borders of the polygons concerned cut the ground into faces; an overlap or gap that is narrow
enough goes whole to the one with which it shares most of its border, and the polygons are put together again from
their faces. So both sides of each border have the same vertices, the outside of the coverage stays where it is, and what
is wide, what would move a border too far, and what would empty or split a polygon is left and said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.coverage import check_coverage
from geo.errors import InvalidInput
from geo.faces import Faces, Owners, faces_of, put_together
from geo.finding import Finding
from geo.soundness import check_soundness
from geo.width import width_m

Reason = Literal["too-wide", "moves-too-far", "would-empty", "would-split", "invalid", "by-hand"]


@dataclass(frozen=True, eq=False)
class Step:
    """An overlap or gap, and what becomes of it.

    Attributes
    ----------
    kind : {'overlap', 'gap'}
    ids : tuple of str
        Who claims it, or of a gap who lies beside it.
    given_to : str or None
        Who gets it; None when it stays what it is.
    reason : str or None
        Why it stays.
    area_m2, width_m, moved_m : float
        Its size, and how far a border moves or would have to.
    geometry : shapely Polygon or MultiPolygon
    """

    kind: Literal["overlap", "gap"]
    ids: tuple[str, ...]
    given_to: str | None
    reason: Reason | None
    area_m2: float
    width_m: float
    moved_m: float
    geometry: BaseGeometry


@dataclass(frozen=True)
class Change:
    """What a proposal does to one polygon: ground won and lost, how far its border moves, vertices it gets."""

    id: str
    gained_m2: float
    lost_m2: float
    moved_m: float
    vertices_added: int


@dataclass(frozen=True, eq=False)
class Repair:
    """A proposal.

    Attributes
    ----------
    polygons : (n,) array of shapely geometries
        As they would be; what is not changed is the very geometry that was given.
    changes : list of Change
        One for each polygon that would be another.
    steps : list of Step
        All overlaps and gaps that were looked at, the resolved ones first.
    left : list of (Finding, Reason)
        What a check of the proposal finds, and why it is still there.
    """

    polygons: NDArray[np.object_]
    changes: list[Change]
    steps: list[Step]
    left: list[tuple[Finding, Reason]]


@dataclass(eq=False)
class _Unit:
    """Neighbouring faces with the same owners, which are given away together or not at all."""

    faces: list[int]
    owners: Owners
    shape: Any
    width: float
    winner: int | None = None
    reason: Reason | None = None
    moved: float = 0.0


def repair_coverage(
    geometries: Sequence[BaseGeometry | None] | NDArray[Any],
    ids: Sequence[str],
    *,
    tolerance_m: float = 1.0,
    outline: BaseGeometry | None = None,
    complete: bool = True,
) -> Repair:
    """Propose a coverage without the slivers, gaps and mismatched borders of the given one.

    Parameters
    ----------
    geometries : (n,) shapely geometries or None, metric CRS
    ids : (n,) str
    tolerance_m : float
        No border moves further, and no overlap or gap that is wider is touched.
    outline : shapely Polygon or MultiPolygon, optional
        What has to be covered; ground outside of it, its holes included, is given to nobody.
    complete : bool
        Whether gaps are faults.

    Returns
    -------
    Repair

    Raises
    ------
    InvalidInput
        When the tolerance is not positive, or the lengths differ.
    """
    if not 0 < tolerance_m < float("inf"):
        raise InvalidInput("repair.tolerance", tolerance_m=tolerance_m)
    names = [str(name) for name in ids]
    options: dict[str, Any] = {"tolerance_m": tolerance_m, "outline": outline, "complete": complete}
    found = check_coverage(geometries, names, **options)
    given = np.array(geometries, dtype=object)
    polygons, _ = check_soundness(given, names)
    frozen = {i for i in range(len(given)) if polygons[i] is not given[i]}
    concerned = {name for f in found if f.kind in ("overlap", "gap", "mismatched-edge") for name in f.ids}
    some = np.array([i for i, name in enumerate(names) if name in concerned], dtype=np.intp)
    if not len(some):
        return Repair(given, [], [], [(f, "by-hand") for f in found])
    near = shapely.STRtree(polygons).query(polygons[some], predicate="intersects")[1]
    some = np.unique(np.concatenate((some, near)))

    faces = faces_of(polygons, some)
    units = _units(faces, outline, complete)
    for unit in units:
        _choose(unit, faces, frozen, tolerance_m)
    owners = _hold(units, faces, polygons)

    out = given.copy()
    changes = []
    whose: dict[int, list[int]] = defaultdict(list)
    for f, one in enumerate(owners):
        for p in one:
            whose[p].append(f)
    moved = _moved(units)
    for i in some.tolist():
        if i in frozen:
            continue
        new = put_together(faces.shapes[whose[i]])
        change = _change(names[i], polygons[i], new, moved.get(i, 0.0))
        if change is not None:
            out[i] = new
            changes.append(change)
    steps = [_step(unit, faces, names) for unit in sorted(units, key=lambda u: (u.winner is None, -u.shape.area))]
    return Repair(out, changes, steps, _left(check_coverage(out, names, **options), units))


def _units(faces: Faces, outline: BaseGeometry | None, complete: bool) -> list[_Unit]:
    """Faces that are claimed by none or several, joined where they lie side by side with the same owners."""
    faulty = {f for f, one in enumerate(faces.owners) if len(one) > 1 or (complete and not one)}
    if outline is not None:
        points = shapely.point_on_surface(faces.shapes)
        shapely.prepare(outline)
        faulty = {f for f in faulty if faces.owners[f] or outline.intersects(points[f])}
    beside: dict[int, set[int]] = defaultdict(set)
    for f, g in zip(faces.edges.owner.tolist(), faces.edges.partner.tolist(), strict=True):
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
    return [_Unit(*unit, width) for unit, width in zip(units, width_m(shapes).tolist(), strict=True)]


def _sides(unit: _Unit, faces: Faces) -> list[tuple[NDArray[np.float64], Owners]]:
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


def _choose(unit: _Unit, faces: Faces, frozen: set[int], tolerance_m: float) -> None:
    """Who gets a unit, or why nobody does."""
    if unit.width >= tolerance_m:
        unit.reason = "too-wide"
        return
    sides = _sides(unit, faces)
    border: dict[int, float] = defaultdict(float)
    for ends, beyond in sides:
        length = float(np.hypot(*(ends[2:] - ends[:2])))
        for p in beyond:
            border[p] += length
    candidates = [p for p in border if not unit.owners or p in unit.owners] or sorted(unit.owners)
    if not candidates:
        unit.reason = "by-hand"
        return
    winner = min(candidates, key=lambda p: (-round(border[p], 6), p))
    losers = unit.owners - {winner}
    changing = losers or {winner}
    if changing & frozen:
        unit.reason = "invalid"
        return
    for p in changing:
        within = [ends for ends, beyond in sides if p in beyond]
        without = [ends for ends, beyond in sides if p not in beyond]
        unit.moved = max(unit.moved, _apart(within, without, unit.width))
    if unit.moved > tolerance_m:
        unit.reason = "moves-too-far"
        return
    unit.winner = winner


def _apart(one: list[NDArray[np.float64]], two: list[NDArray[np.float64]], width: float) -> float:
    """How far the border goes from one side of a unit to the other; where all of it goes or comes, the width."""
    if not one or not two:
        return width
    lines = [shapely.multilinestrings(np.array(side).reshape(-1, 2, 2)) for side in (one, two)]
    return float(shapely.hausdorff_distance(*lines, densify=0.2))


def _hold(units: list[_Unit], faces: Faces, polygons: NDArray[Any]) -> list[Owners]:
    """Owners of the faces after all steps that empty and split nobody; the others are taken back."""
    while True:
        owners = list(faces.owners)
        losing: dict[int, list[_Unit]] = defaultdict(list)
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
        taken_back = False
        for p, mine in losing.items():
            new = put_together(faces.shapes[whose[p]])
            if shapely.get_num_geometries(new) <= shapely.get_num_geometries(polygons[p]) and not new.is_empty:
                continue
            reason: Reason = "would-empty" if new.is_empty else "would-split"
            for unit in mine:
                unit.winner, unit.reason = None, reason
            taken_back = True
        if not taken_back:
            return owners


def _moved(units: list[_Unit]) -> dict[int, float]:
    moved: dict[int, float] = {}
    for unit in units:
        if unit.winner is not None:
            for p in unit.owners - {unit.winner} or {unit.winner}:
                moved[p] = max(moved.get(p, 0.0), unit.moved)
    return moved


def _change(name: str, old: BaseGeometry, new: BaseGeometry, moved_m: float) -> Change | None:
    if shapely.equals_exact(shapely.normalize(old), shapely.normalize(new)):
        return None
    gained, lost = shapely.difference(new, old).area, shapely.difference(old, new).area
    added = int(shapely.get_num_coordinates(new) - shapely.get_num_coordinates(old))
    return Change(name, float(gained), float(lost), moved_m, added)


def _step(unit: _Unit, faces: Faces, names: list[str]) -> Step:
    beside = unit.owners or {p for _, beyond in _sides(unit, faces) for p in beyond}
    return Step(
        "overlap" if unit.owners else "gap",
        tuple(sorted(names[p] for p in beside)),
        None if unit.winner is None else names[unit.winner],
        unit.reason,
        float(unit.shape.area),
        unit.width,
        unit.moved,
        unit.shape,
    )


def _left(found: list[Finding], units: list[_Unit]) -> list[tuple[Finding, Reason]]:
    """What is still found, with the reason of the unit that it mostly is."""
    stay = [unit for unit in units if unit.winner is None]
    tree = shapely.STRtree([unit.shape for unit in stay])
    out: list[tuple[Finding, Reason]] = []
    for finding in found:
        reason: Reason = "by-hand"
        if finding.kind == "invalid":
            reason = "invalid"
        elif finding.kind in ("overlap", "gap", "mismatched-edge") and finding.geometry is not None:
            near = [stay[k] for k in tree.query(finding.geometry, predicate="intersects").tolist()]
            if near:
                common = [shapely.intersection(unit.shape, finding.geometry).area for unit in near]
                reason = near[int(np.argmax(common))].reason or "by-hand"
        out.append((finding, reason))
    return out
