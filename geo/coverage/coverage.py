"""Whether polygons form a coverage: no ground claimed twice, none by nobody, borders matched vertex by vertex."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.coverage.crumbs import ROUNDING_M, really_there
from geo.coverage.edges import mismatched_edges
from geo.coverage.findings import edge_findings, gap_findings, outside_findings, overlap_findings, told_apart
from geo.coverage.gaps import TOUCH_M, filled, gaps, union
from geo.coverage.matching import unmatched_edges
from geo.coverage.net import check_net
from geo.coverage.overlaps import overlaps
from geo.coverage.soundness import check_soundness
from geo.coverage.tiled import TILE, invalid_edges
from geo.coverage.width import width_m
from geo.errors import InvalidInput
from geo.finding import Finding, sorted_findings

Polygons = Sequence[BaseGeometry | None] | NDArray[Any]


def check_coverage(
    geometries: Polygons,
    ids: Sequence[str],
    *,
    tolerance_m: float = 1.0,
    min_area_m2: float = 0.01,
    outline: BaseGeometry | None = None,
    complete: bool = True,
    parents: Polygons | None = None,
    parent_codes: Sequence[str] | None = None,
    parent_of: Sequence[str | None] | None = None,
    above: Polygons | None = None,
    net: Polygons | None = None,
    tile: int = TILE,
    progress: Callable[[float], None] = lambda share: None,
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
    above : shapely polygons, optional
        Those of another layer that lie on top of this one or, where they are carved out of it, fill its gaps.
    net : shapely polygons, optional
        The layer that these lie on top of, or are carved out of: see `geo.coverage.net.check_net`.
    tile : int
        Polygons that are compared at a time. The findings do not depend on it.
    progress : callable, optional
        Called now and then with the share of the work that is done, from 0 to 1, never falling.

    Returns
    -------
    list of Finding
        Kinds ``invalid``, ``duplicate``, ``overlap``, ``gap``, ``mismatched-edge``, ``multipart`` and
        ``outside-parent``, in the order of `geo.finding.sorted_findings`. The order of the input does not
        matter. Values: ``overlap`` and ``outside-parent`` have ``share`` (of the smaller polygon, of the
        polygon); ``outside-parent`` has ``parent``, or ``net`` where the polygon leaves the net.

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

    progress(0.1)
    bounds = shapely.bounds(polygons)
    tree = shapely.STRtree(polygons)
    unmatched = unmatched_edges(polygons, bounds, tile)
    progress(0.4)
    torn_edges = invalid_edges(polygons, bounds, np.unique(unmatched.owner), tile)
    flagged = ~shapely.is_empty(torn_edges)
    progress(0.6)
    common = overlaps(polygons, flagged, tree)
    flagged[common.first] = flagged[common.second] = True
    large = common.area_m2 > min_area_m2
    findings += overlap_findings(polygons, names, common.where(large), tolerance_m)

    progress(0.7)
    gap_polygons = np.empty(0, dtype=object)
    if complete:
        gap_polygons = gaps(union(polygons, flagged, bounds, unmatched, tile), outline)
        if above is not None and len(above) and len(gap_polygons):
            gap_polygons = filled(gap_polygons, check_soundness(above, [""] * len(above))[0], polygons, tree)
    gap_width = width_m(gap_polygons)
    keep = gap_width >= ROUNDING_M
    keep[~keep] = really_there(gap_polygons[~keep], polygons, tree, outline)
    gap_polygons, gap_width = gap_polygons[keep], gap_width[keep]
    dust = gap_width < TOUCH_M

    explained = np.concatenate((common.ground[large], gap_polygons[~dust]))
    torn = mismatched_edges(polygons, torn_edges, explained, tree)
    torn_findings = edge_findings(names, common.where(~large), torn, explained)
    findings += torn_findings

    if torn_findings and dust.any():
        lines = shapely.STRtree([f.geometry for f in torn_findings])
        told = np.unique(lines.query(gap_polygons, predicate="dwithin", distance=TOUCH_M)[0])
        keep = ~dust
        keep |= ~np.isin(np.arange(len(dust)), told)
        gap_polygons, gap_width = gap_polygons[keep], gap_width[keep]
    border = shapely.boundary(outline) if outline is not None else None
    findings += gap_findings(tree, names, gap_polygons, gap_width, tolerance_m, min_area_m2, border)

    progress(0.8)
    if parents is not None:
        if parent_codes is None or parent_of is None or len(parent_codes) != len(parents):
            raise InvalidInput("coverage.lengths", field="parent_codes", expected=len(parents), given=0)
        if len(parent_of) != len(names):
            raise InvalidInput("coverage.lengths", field="parent_of", expected=len(names), given=len(parent_of))
        mothers, _ = check_soundness(parents, [str(code) for code in parent_codes])
        findings += outside_findings(polygons, names, mothers, parent_codes, parent_of, tolerance_m, min_area_m2)
    if net is not None and len(net):
        below, _ = check_soundness(net, [""] * len(net))
        findings += check_net(polygons, names, below, outline, tolerance_m, min_area_m2)
    progress(1.0)
    return sorted_findings(told_apart(findings))
