"""Findings about a coverage, made of what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.coverage.containment import outside
from geo.coverage.gaps import TOUCH_M, neighbours
from geo.coverage.overlaps import Overlaps
from geo.coverage.soundness import polygonal
from geo.coverage.width import width_m
from geo.finding import Finding

#: An overlap that covers this share of both polygons makes them duplicates of each other.
DUPLICATE_SHARE: Final = 1 - 1e-6
#: A gap's place in its identity is rounded to this, so that a moved vertex does not make it another gap.
PLACE_M: Final = 10.0


def overlap_findings(
    polygons: NDArray[Any], ids: Sequence[str], common: Overlaps, tolerance_m: float
) -> list[Finding]:
    """One finding a pair, however many pieces its common ground has."""
    area = shapely.area(polygons)
    larger = np.maximum(area[common.first], area[common.second])
    smaller = np.minimum(area[common.first], area[common.second])
    same = common.area_m2 >= DUPLICATE_SHARE * larger
    width = width_m(common.ground)
    out = []
    for k in range(len(common.first)):
        pair = tuple(sorted((ids[common.first[k]], ids[common.second[k]])))
        out.append(
            Finding(
                "duplicate" if same[k] else "overlap",
                "error",
                pair,
                common.ground[k],
                {"share": float(common.area_m2[k] / smaller[k])},
                area_m2=float(common.area_m2[k]),
                width_m=float(width[k]),
                sliver=bool(width[k] < tolerance_m) and not same[k],
            )
        )
    return out


def gap_findings(
    tree: shapely.STRtree,
    ids: Sequence[str],
    gap_polygons: NDArray[Any],
    width: NDArray[np.float64],
    tolerance_m: float,
    min_area_m2: float,
    border: BaseGeometry | None,
) -> list[Finding]:
    """One finding a gap; a warning where it is next to nothing, or a sliver along the border of the outline."""
    area = shapely.area(gap_polygons)
    # where our border and the outline's differ by a sliver, the outline is as likely to be the wrong one
    outer = shapely.dwithin(gap_polygons, border, TOUCH_M) if border is not None else np.zeros(len(area), dtype=bool)
    out = []
    for k, near in enumerate(neighbours(gap_polygons, tree)):
        sliver = bool(width[k] < tolerance_m)
        slight = area[k] <= min_area_m2 or (sliver and outer[k])
        out.append(
            Finding(
                "gap",
                "warning" if slight else "error",
                tuple(sorted({ids[i] for i in near})),
                gap_polygons[k],
                {"neighbours": len(near)},
                area_m2=float(area[k]),
                width_m=float(width[k]),
                sliver=sliver,
                place=_place(gap_polygons[k]),
            )
        )
    return out


def edge_findings(
    ids: Sequence[str], crumbs: Overlaps, torn: dict[tuple[int, int], NDArray[Any]], explained: NDArray[Any]
) -> list[Finding]:
    """One finding a pair: edges without the other's vertices, and overlaps too small to be told as such."""
    lines = {pair: list(pieces) for pair, pieces in torn.items()}
    size: dict[tuple[int, int], tuple[float, float]] = {}
    width = width_m(crumbs.ground)
    own_fault = width >= TOUCH_M
    if len(explained):
        tree = shapely.STRtree(explained)
        touching = np.unique(tree.query(crumbs.ground, predicate="dwithin", distance=TOUCH_M)[0])
        own_fault |= ~np.isin(np.arange(len(width)), touching)
    else:
        own_fault[:] = True
    for k in np.flatnonzero(own_fault):
        pair = int(crumbs.first[k]), int(crumbs.second[k])
        lines.setdefault(pair, []).append(shapely.boundary(crumbs.ground[k]))
        size[pair] = float(crumbs.area_m2[k]), float(width[k])
    out = []
    for pair, pieces in lines.items():
        area, wide = size.get(pair, (0.0, 0.0))
        place = shapely.multilinestrings(shapely.get_parts(np.array(pieces, dtype=object)))
        values = {"length_m": float(shapely.length(place))}
        names = tuple(sorted((ids[pair[0]], ids[pair[1]])))
        out.append(Finding("mismatched-edge", "warning", names, place, values, area_m2=area, width_m=wide, sliver=True))
    return out


def outside_findings(
    polygons: NDArray[Any],
    ids: Sequence[str],
    parents: NDArray[Any],
    parent_codes: Sequence[str],
    parent_of: Sequence[str | None],
    tolerance_m: float,
    min_area_m2: float,
) -> list[Finding]:
    """One finding a polygon that leaves its parent."""
    position = {str(code): i for i, code in enumerate(parent_codes)}
    index = np.array([-1 if code is None else position.get(str(code), -1) for code in parent_of], dtype=np.intp)
    beyond = outside(polygons, parents, index)
    area = shapely.area(beyond)
    some = np.flatnonzero(area > min_area_m2)
    width = width_m(beyond[some])
    whole = shapely.area(polygons)
    return [
        Finding(
            "outside-parent",
            "warning" if wide < tolerance_m else "error",
            (ids[i],),
            beyond[i],
            {"parent": str(parent_of[i]), "share": float(area[i] / whole[i])},
            area_m2=float(area[i]),
            width_m=float(wide),
            sliver=bool(wide < tolerance_m),
        )
        for i, wide in zip(some.tolist(), width, strict=True)
    ]


def _place(geometry: BaseGeometry) -> str:
    x, y = shapely.get_coordinates(polygonal(np.array([geometry], dtype=object))[0].centroid)[0]
    return f"{round(x / PLACE_M)},{round(y / PLACE_M)}"


def told_apart(findings: list[Finding]) -> list[Finding]:
    """Findings of equal identity (gaps side by side, ids that occur twice) numbered by size and place."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.identity, []).append(finding)
    out = []
    for group in groups.values():
        if len(group) > 1:
            group.sort(key=lambda f: (-(f.area_m2 or 0.0), f.geometry.bounds if f.geometry is not None else ()))
        out += [f if k == 0 else replace(f, place=f"{f.place}#{k}") for k, f in enumerate(group)]
    return out
