"""A proposal that mends what is narrow in a coverage: slivers given to a neighbour, borders given the same vertices.

Nothing is snapped. The borders of the polygons concerned cut the ground into faces; an overlap or gap that is narrow
enough goes whole to the one with which it shares most of its border, and the polygons are put together again from
their faces. So both sides of each border have the same vertices, the outside of the coverage stays where it is, and
what is wide, what would move a border too far, and what would empty or split a polygon is left and said.
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

from geo.coverage.coverage import check_coverage
from geo.coverage.faces import Faces, faces_of, put_together
from geo.coverage.soundness import check_soundness
from geo.coverage.units import Reason, Terms, Unit, choose, hold, sides_of, units_of
from geo.errors import InvalidInput
from geo.finding import Finding


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
    terms = Terms(tolerance_m, frozen=frozen)
    concerned = {name for f in found if f.kind in ("overlap", "gap", "mismatched-edge") for name in f.ids}
    some = np.array([i for i, name in enumerate(names) if name in concerned], dtype=np.intp)
    if not len(some):
        return Repair(given, [], [], [(f, "by-hand") for f in found])
    near = shapely.STRtree(polygons).query(polygons[some], predicate="intersects")[1]
    some = np.unique(np.concatenate((some, near)))

    faces = faces_of(polygons, some)
    units = units_of(faces, outline, complete)
    for unit in units:
        choose(unit, faces, terms)
    owners = hold(units, faces, polygons, terms)

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


def _moved(units: list[Unit]) -> dict[int, float]:
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


def _step(unit: Unit, faces: Faces, names: list[str]) -> Step:
    beside = unit.owners or {p for _, beyond in sides_of(unit, faces) for p in beyond}
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


def _left(found: list[Finding], units: list[Unit]) -> list[tuple[Finding, Reason]]:
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
