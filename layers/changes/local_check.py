"""The edits of a set checked where they are, with the answer that a check of the whole city would give about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from psycopg2.extensions import cursor as Cursor
from shapely.geometry.base import BaseGeometry

from geo.changes.neighbourhood import check_change
from geo.coverage.limits import check_limits
from geo.finding import Finding, sorted_findings
from layers.changes.ground import Edit, Ground, more_near
from layers.checking.check import SLIVER_M, in_degrees
from layers.checking.coverages import SCATTERED_KIND
from layers.checking.ordinary import ordinary

_REACH_M: Final = 1.0
_NEEDED: Final = ("name", "village_code")

Shapes = NDArray[np.object_]


def check_edits(cur: Cursor, ground: Ground, shapes: Sequence[BaseGeometry], near: Shapes) -> list[Finding]:
    """What is wrong with the edited grids among the others, and with the ground that they gave up.

    Parameters
    ----------
    cur : cursor
        As of `layers.changes.ground.read_ground`: where a gap leads further than what was read, more is.
    ground : Ground
    shapes : sequence of shapely geometries
        Of the edits that stay, in their order, EPSG:4490: as they are, or as noding left them.
    near : (m,) ndarray of shapely geometries
        Of the grids around, likewise.

    Returns
    -------
    list of Finding
        Geometries in EPSG:4490, the worst first.
    """
    plane = ground.plane
    staying = [edit for edit in ground.edits if edit.stays]
    given_up = [edit.base_geometry for edit in ground.edits if edit.base_geometry is not None]
    was_scattered = np.array([_scattered(e) for e in ground.edits if e.base_geometry is not None], dtype=bool)
    level = plane.flat(_array([*shapes, *given_up, *near]))
    flat, before, around = np.split(level, np.cumsum([len(shapes), len(given_up)]))
    scattered = np.array([edit.values["kind"] == SCATTERED_KIND for edit in staying], dtype=bool)
    near_scattered = np.array([kind == SCATTERED_KIND for kind in ground.near_kinds], dtype=bool)
    options: dict[str, Any] = {"outline": ground.flat_outline, "tolerance_m": SLIVER_M, "reach_m": _REACH_M}
    if ground.village_codes:
        options |= {"parents": ground.flat_villages, "parent_codes": ground.village_codes}
    found: list[Finding] = []
    for is_scattered in (False, True):
        mine, others = scattered == is_scattered, near_scattered == is_scattered
        # a grid that was carved out of the net leaves a gap in it, and one that was put there fills it
        freed = before[was_scattered] if is_scattered else before
        if not mine.any() and not len(freed):
            continue
        own = dict(options)
        if ground.village_codes:
            own["parent_of"] = [staying[i].values["village_code"] for i in np.flatnonzero(mine).tolist()]
        top = np.concatenate((flat[scattered], around[near_scattered]))
        net = np.concatenate((flat[~scattered], around[~near_scattered]))
        own |= {"complete": False, "net": net} if is_scattered else {"above": top}
        found += check_change(
            [staying[i].id for i in np.flatnonzero(mine).tolist()],
            flat[mine],
            freed,
            _near(cur, ground, around[others], others, is_scattered),
            **own,
        )
    found += _sizes(staying, flat, scattered)
    return sorted_findings([*in_degrees(found, plane), *_lacking(staying, shapes, ground)])


def _near(
    cur: Cursor, ground: Ground, around: Shapes, chosen: NDArray[np.bool_], scattered: bool
) -> Callable[[BaseGeometry], tuple[Sequence[str], Shapes]]:
    """Grids around from what was read; from the database where more is asked for than that."""
    ids = [ground.near_ids[i] for i in np.flatnonzero(chosen).tolist()]
    known = [True]

    def near(area: BaseGeometry) -> tuple[Sequence[str], Shapes]:
        if known.pop() if known else False:
            return ids, around
        corners = ground.plane.degrees(shapely.get_parts(_array([area])))
        more = more_near(cur, ground, shapely.bounds(corners), scattered)
        return [id_ for id_, _ in more], ground.plane.flat(_array([shape for _, shape in more]))

    return near


def _scattered(edit: Edit) -> bool:
    return bool(edit.base_values.get("kind") == SCATTERED_KIND)


def _sizes(staying: Sequence[Edit], flat: Shapes, scattered: NDArray[np.bool_]) -> list[Finding]:
    """Areas and populations that are not ordinary; of the net only, as in a check of the whole layer."""
    ids = [edit.id for edit, on_top in zip(staying, scattered, strict=True) if not on_top]
    people = np.array(
        [edit.values["population"] for edit, on_top in zip(staying, scattered, strict=True) if not on_top],
        dtype=np.float64,
    )
    return check_limits(flat[~scattered], ids, ordinary(), people)


def _lacking(staying: Sequence[Edit], shapes: Sequence[BaseGeometry], ground: Ground) -> list[Finding]:
    """Grids without what a published one has."""
    found = []
    for edit, shape in zip(staying, shapes, strict=True):
        lacks = [name for name in _NEEDED if not edit.values[name]]
        village = edit.values["village_code"]
        if village and village not in ground.village_codes:
            lacks.append("village_code")
        for name in lacks:
            found.append(Finding("attribute-missing", "error", (edit.id,), shape, {"attribute": name}, place=name))
    return found


def _array(shapes: Sequence[BaseGeometry]) -> Shapes:
    out = np.empty(len(shapes), dtype=object)
    out[:] = list(shapes)
    return out
