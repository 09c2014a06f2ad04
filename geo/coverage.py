"""Whether polygons form a coverage: no ground claimed twice, none by nobody, borders matched vertex by vertex."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.containment import outside
from geo.edges import mismatched_edges
from geo.errors import InvalidInput
from geo.finding import Finding, sorted_findings
from geo.gaps import TOUCH_M, gaps, neighbours, union
from geo.overlaps import Overlaps, overlaps
from geo.soundness import check_soundness, polygonal
from geo.width import width_m

#: An overlap that covers this share of both polygons makes them duplicates of each other.
DUPLICATE_SHARE: Final = 1 - 1e-6
#: A gap's place in its identity is rounded to this, so that a moved vertex does not make it another gap.
PLACE_M: Final = 10.0


def check_coverage(
    geometries: Sequence[BaseGeometry | None] | NDArray[Any],
    ids: Sequence[str],
    *,
    tolerance_m: float = 1.0,
    min_area_m2: float = 0.01,
    outline: BaseGeometry | None = None,
    complete: bool = True,
    parents: Sequence[BaseGeometry] | NDArray[Any] | None = None,
    parent_codes: Sequence[str] | None = None,
    parent_of: Sequence[str | None] | None = None,
) -> list[Finding]:
    """Everything that keeps polygons from being a coverage.

    Parameters
    ----------
    geometries : (n,) shapely geometries or None, metric CRS
    ids : (n,) str
        What a finding calls them: codes, or whatever tells them apart.
    tolerance_m : float
        An overlap, gap or part outside that is nowhere wider is marked as a sliver.
    min_area_m2 : float
        An overlap that is not larger is told as a mismatched edge, and a gap that is not larger as a warning:
        rounding leaves such crumbs on borders that merely lack a vertex.
    outline : shapely Polygon or MultiPolygon, optional
        What has to be covered, same CRS. Its holes are true enclaves and no gaps. Without it only gaps that are
        surrounded by the polygons are found.
    complete : bool
        Whether gaps are faults; not where the polygons lie scattered, as dedicated grids do.
    parents, parent_codes : (m,) shapely polygons and str, optional
        What the polygons belong to, e.g. villages.
    parent_of : (n,) str or None, optional
        Which parent each polygon belongs to; one that is None or not among `parent_codes` is not checked.

    Returns
    -------
    list of Finding
        Kinds ``invalid``, ``duplicate``, ``overlap``, ``gap``, ``mismatched-edge``, ``multipart`` and
        ``outside-parent``, in the order of `geo.finding.sorted_findings`. The order of the input does not
        matter. Values: ``overlap`` and ``outside-parent`` have ``share`` (of the smaller polygon, of the
        polygon); ``outside-parent`` has ``parent``.

    Raises
    ------
    InvalidInput
        Lengths that differ, or parents without codes.

    Notes
    -----
    Invalid polygons are reported first and take part as what ``make_valid`` makes of them. One finding a pair
    of overlapping polygons, however many pieces their common ground has.
    """
    if len(ids) != len(geometries):
        raise InvalidInput("coverage.lengths", field="ids", expected=len(geometries), given=len(ids))
    names = [str(name) for name in ids]
    polygons, findings = check_soundness(geometries, names)
    if not len(polygons):
        return findings

    invalid_edges = shapely.coverage_invalid_edges(polygons)
    flagged = ~shapely.is_empty(invalid_edges)
    common = overlaps(polygons, flagged)
    large = common.area_m2 > min_area_m2
    findings += _overlap_findings(polygons, names, common.where(large), tolerance_m)

    gap_polygons = gaps(union(polygons, flagged), outline) if complete else np.empty(0, dtype=object)
    gap_width = width_m(gap_polygons)
    dust = gap_width < TOUCH_M

    explained = np.concatenate((common.ground[large], gap_polygons[~dust]))
    torn = mismatched_edges(polygons, invalid_edges, explained)
    edge_findings = _edge_findings(names, common.where(~large), torn, explained)
    findings += edge_findings

    if edge_findings and dust.any():
        lines = shapely.STRtree([f.geometry for f in edge_findings])
        told = np.unique(lines.query(gap_polygons, predicate="dwithin", distance=TOUCH_M)[0])
        keep = ~dust
        keep |= ~np.isin(np.arange(len(dust)), told)
        gap_polygons, gap_width = gap_polygons[keep], gap_width[keep]
    border = shapely.boundary(outline) if outline is not None else None
    findings += _gap_findings(polygons, names, gap_polygons, gap_width, tolerance_m, min_area_m2, border)

    if parents is not None:
        if parent_codes is None or parent_of is None or len(parent_codes) != len(parents):
            raise InvalidInput("coverage.lengths", field="parent_codes", expected=len(parents), given=0)
        if len(parent_of) != len(names):
            raise InvalidInput("coverage.lengths", field="parent_of", expected=len(names), given=len(parent_of))
        mothers, _ = check_soundness(parents, [str(code) for code in parent_codes])
        findings += _outside_findings(polygons, names, mothers, parent_codes, parent_of, tolerance_m, min_area_m2)
    return sorted_findings(_told_apart(findings))


def _overlap_findings(
    polygons: NDArray[Any], ids: Sequence[str], common: Overlaps, tolerance_m: float
) -> list[Finding]:
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


def _gap_findings(
    polygons: NDArray[Any],
    ids: Sequence[str],
    gap_polygons: NDArray[Any],
    width: NDArray[np.float64],
    tolerance_m: float,
    min_area_m2: float,
    border: BaseGeometry | None,
) -> list[Finding]:
    area = shapely.area(gap_polygons)
    # where our border and the outline's differ by a sliver, the outline is as likely to be the wrong one
    outer = shapely.dwithin(gap_polygons, border, TOUCH_M) if border is not None else np.zeros(len(area), dtype=bool)
    out = []
    for k, near in enumerate(neighbours(gap_polygons, polygons)):
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


def _edge_findings(
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


def _outside_findings(
    polygons: NDArray[Any],
    ids: Sequence[str],
    parents: NDArray[Any],
    parent_codes: Sequence[str],
    parent_of: Sequence[str | None],
    tolerance_m: float,
    min_area_m2: float,
) -> list[Finding]:
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


def _told_apart(findings: list[Finding]) -> list[Finding]:
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
