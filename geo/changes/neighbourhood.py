"""A change checked where it was made, with the answer that a check of the whole city would give.

Every fault of a coverage that a change can make or mend lies at a changed grid or on ground that a changed grid gave
up. So it is enough to look at the unchanged grids that meet this ground and its edge, and, where a gap leads further,
at those around the gap as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.coverage.coverage import check_coverage
from geo.coverage.gaps import TOUCH_M
from geo.coverage.matching import matched_edges
from geo.finding import Finding, sorted_findings

Near = Callable[[BaseGeometry], tuple[Sequence[str], NDArray[Any]]]
"""From an area to the names and polygons of all unchanged grids that meet it; others do no harm. Metric CRS."""

_REACH_M: Final = 1.0


def window(changed: NDArray[Any], given_up: NDArray[Any], reach_m: float = _REACH_M) -> BaseGeometry:
    """Area whose unchanged grids have to be looked at for a change.

    Parameters
    ----------
    changed : (n,) array of shapely polygons, metric CRS
        The grids as they would be.
    given_up : (m,) array of shapely polygons
        What they, and those that are to end, were before.
    reach_m : float
        How far beyond their bounding boxes it goes.

    Returns
    -------
    shapely Polygon or MultiPolygon
        Boxes: an index answers for them best.
    """
    both = np.concatenate((changed, given_up))
    bounds = shapely.bounds(both[~shapely.is_empty(both)])
    boxes = shapely.box(*(bounds + np.array([-reach_m, -reach_m, reach_m, reach_m])).T)
    return shapely.union_all(boxes)


def check_change(
    changed_ids: Sequence[str],
    changed: NDArray[Any],
    given_up: NDArray[Any],
    near: Near,
    *,
    outline: BaseGeometry | None = None,
    complete: bool = True,
    reach_m: float = _REACH_M,
    above: NDArray[Any] | None = None,
    **options: Any,
) -> list[Finding]:
    """What a check of the whole city would find about a change.

    Parameters
    ----------
    changed_ids, changed : (n,) str and shapely polygons, metric CRS
        The grids as they would be.
    given_up : (m,) array of shapely polygons
        What they, and those that are to end, were before.
    near : callable
        Unchanged grids of the same layer and kind; see `Near`.
    outline : shapely Polygon or MultiPolygon, optional
        What the whole layer has to cover. Without one only ground that was given up is held to be covered.
    complete, above : optional
        As of `geo.coverage.coverage.check_coverage`.
    reach_m : float
        How far around the change grids are looked at. The answer does not depend on it.
    **options
        Further arguments of `check_coverage` for the changed grids: ``tolerance_m``, ``min_area_m2``, ``parents``,
        ``parent_codes``, ``parent_of`` (of the changed grids), ``net``.

    Returns
    -------
    list of Finding
        Those that name a changed grid, and the gaps on ground that was given up.

    Notes
    -----
    Equal to those findings of the whole layer's check as long as unchanged grids have no faults among themselves, which
    is what publishing sees to; only of gaps of next to no area, warnings that the rounding of an overlay leaves behind,
    there may be others. With such faults next to a change, ``invalid``, ``duplicate``, ``overlap``, ``gap`` and
    ``outside-parent`` are still equal; of ``mismatched-edge``, a warning, there may be one that the whole check takes
    for a consequence of another fault.
    """
    if not len(changed) and not len(given_up):
        return []
    if outline is None and complete:
        outline = shapely.union_all(given_up)
    area = window(changed, given_up, reach_m)
    moved = np.concatenate((changed, given_up))
    parent_of = options.pop("parent_of", None)
    reach = reach_m
    ids, around = near(area)
    if complete and _plainly_sound(changed, given_up, around, parent_of, options):
        return []
    while True:
        if parent_of is not None:
            options["parent_of"] = [*parent_of, *[None] * len(ids)]
        ground = shapely.intersection(outline, area) if outline is not None and complete else outline
        found = check_coverage(
            np.concatenate((changed, around)), [*changed_ids, *ids], outline=ground, complete=complete, above=above,
            **options,
        )  # fmt: skip
        reach *= 2
        further = _further(found, area, moved, reach) if complete else None
        if further is None or outline is None or area.covers(outline):
            return sorted_findings(concerned(found, changed_ids, given_up))
        area = shapely.union(area, further)
        ids, around = near(area)


def _plainly_sound(
    changed: NDArray[Any],
    given_up: NDArray[Any],
    around: NDArray[Any],
    parent_of: Sequence[str | None] | None,
    options: dict[str, Any],
) -> bool:
    """Whether it is plain that there is nothing to find, for a fraction of the price of finding it.

    Every gap, mismatched edge and end of the layer has an edge on its border that no other polygon matches. Where none
    touches the ground of a change, what is left are overlaps, and whether the grids are polygons of one part and lie in
    their villages. Parents that are no valid polygons are left to the check.
    """
    both = np.concatenate((changed, around))
    if not shapely.is_valid(changed).all() or (shapely.get_num_geometries(changed) != 1).any():
        return False
    if not shapely.is_valid(around).all():
        return False
    mine, other = shapely.STRtree(both).query(changed, predicate="intersects")
    apart = mine != other
    if not shapely.touches(changed[mine[apart]], both[other[apart]]).all():
        return False
    edges = matched_edges(both, _alone)
    lines = shapely.multilinestrings(shapely.linestrings(edges.ends.reshape(-1, 2, 2)))
    if shapely.dwithin(lines, np.concatenate((changed, given_up)), TOUCH_M).any():
        return False
    if parent_of is None:
        return True
    parents = dict(zip(options["parent_codes"], options["parents"], strict=True))
    mothers = [(parents[code], grid) for code, grid in zip(parent_of, changed, strict=True) if code in parents]
    return all(mother.is_valid and mother.covers(grid) for mother, grid in mothers)


def _alone(_owner: NDArray[np.intp], partner: NDArray[np.intp]) -> NDArray[np.bool_]:
    return partner < 0


def concerned(findings: Sequence[Finding], changed_ids: Sequence[str], given_up: NDArray[Any]) -> list[Finding]:
    """Findings about a change: those that name a changed grid, and gaps that touch ground that was given up."""
    ours = set(changed_ids)
    tree = shapely.STRtree(given_up)
    return [
        finding
        for finding in findings
        if not ours.isdisjoint(finding.ids)
        or (finding.kind == "gap" and len(tree.query(finding.geometry, predicate="dwithin", distance=TOUCH_M)))
    ]


def _further(found: Sequence[Finding], area: BaseGeometry, moved: NDArray[Any], reach: float) -> BaseGeometry | None:
    """Where an area has to be larger to hold the gaps of a change whole; None where it does hold them.

    A gap that is cut off by the edge of the area goes on beyond it.
    """
    gaps = np.array([finding.geometry for finding in found if finding.kind == "gap"], dtype=object)
    gaps = gaps[shapely.dwithin(gaps, area.boundary, TOUCH_M)]
    touching = np.unique(shapely.STRtree(moved).query(gaps, predicate="dwithin", distance=TOUCH_M)[0])
    if not len(touching):
        return None
    west, south, east, north = shapely.bounds(gaps[touching]).T
    return shapely.union_all(shapely.box(west - reach, south - reach, east + reach, north + reach))
