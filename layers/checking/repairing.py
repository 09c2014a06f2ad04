"""A proposal for a coverage in degrees, worked out in metres."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.coverage.matching import point_hash
from geo.coverage.repair import Change, Repair, repair_coverage
from geo.measuring import Plane
from layers.checking.check import SLIVER_M, in_degrees, plane_for
from layers.checking.coverages import Coverage


@dataclass(frozen=True, eq=False)
class Proposal:
    """What a repair would make of a coverage.

    Attributes
    ----------
    repair : Repair
        Its polygons, steps and findings lie in EPSG:4490.
    changes : dict of str to Change
        By the id of the polygon.
    """

    repair: Repair
    changes: dict[str, Change]


def propose(coverage: Coverage, tolerance_m: float = SLIVER_M) -> Proposal:
    """Propose a repair of one coverage; nothing is written.

    Parameters
    ----------
    coverage : Coverage
        In EPSG:4490.
    tolerance_m : float
        Metres that a border may move.

    Returns
    -------
    Proposal
        A vertex that was there before has the very coordinates it had, so that changed and unchanged polygons match.
    """
    plane = plane_for(coverage)
    outline = coverage.outline
    if outline is not None:
        outline = plane.flat(np.array([outline], dtype=object))[0]
    flat = plane.flat(coverage.geometries)
    found = repair_coverage(flat, coverage.ids, tolerance_m=tolerance_m, outline=outline, complete=coverage.complete)
    changes = {change.id: change for change in found.changes}
    changed = np.array([name in changes for name in coverage.ids], dtype=bool)
    polygons = coverage.geometries.copy()
    if changed.any():
        polygons[changed] = _back(found.polygons[changed], flat, coverage.geometries, plane)
    places = np.full(len(found.steps), None, dtype=object)
    places[:] = [step.geometry for step in found.steps]
    steps = [replace(step, geometry=at) for step, at in zip(found.steps, plane.degrees(places), strict=True)]
    told = in_degrees([finding for finding, _ in found.left], plane)
    left = list(zip(told, [reason for _, reason in found.left], strict=True))
    return Proposal(replace(found, polygons=polygons, steps=steps, left=left), changes)


def _back(
    polygons: NDArray[np.object_], flat: NDArray[np.object_], given: NDArray[np.object_], plane: Plane
) -> NDArray[np.object_]:
    """Polygons of the plane in degrees, known vertices exactly as they were given."""
    before, after = shapely.get_coordinates(flat), shapely.get_coordinates(given)
    keys, first = np.unique(point_hash(before + 0.0), return_index=True)
    moved: NDArray[np.object_] = plane.degrees(polygons)
    points = shapely.get_coordinates(polygons) + 0.0
    at = np.searchsorted(keys, point_hash(points))
    at[at == len(keys)] = 0
    known = (before[first[at]] == points).all(axis=1)
    degrees = shapely.get_coordinates(moved)
    degrees[known] = after[first[at[known]]]
    restored: NDArray[np.object_] = shapely.set_coordinates(moved.copy(), degrees)
    return restored
