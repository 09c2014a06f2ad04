"""A coverage checked in metres, with findings that lie in degrees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import shapely
from psycopg2.extensions import cursor as Cursor

from geo.codes.check import check_codes
from geo.codes.schemes import DEFAULT_SCHEME, scheme_of
from geo.coverage.coverage import check_coverage
from geo.coverage.limits import Limits, check_limits
from geo.crosswalk.village_shares import village_shares
from geo.finding import Finding, sorted_findings
from geo.measuring import Plane, plane_of
from geo.placement import diagnose_placement
from layers.checking.checked_file import CheckedFile
from layers.checking.coded_grids import coded_layers, read_city, read_codes_gone, read_grids, read_villages
from layers.checking.coverages import Coverage, read_coverages
from layers.jobs.progress import report

SLIVER_M = 1.0
"""An overlap or gap that is nowhere wider is marked as a sliver."""


def check_all(coverages: Sequence[Coverage], tolerance_m: float = SLIVER_M) -> list[Finding]:
    """Findings of several coverages as one list, the worst first; how far it has come is reported."""
    found: list[Finding] = []
    before, total = 0, sum(len(coverage.ids) for coverage in coverages)
    for coverage in coverages:

        def told(share: float, before: int = before, size: int = len(coverage.ids)) -> None:
            report(before + share * size, total, "progress.checking")

        found += check(coverage, tolerance_m, progress=told)
        before += len(coverage.ids)
    return sorted_findings(found)


def check(
    coverage: Coverage,
    tolerance_m: float = SLIVER_M,
    plane: Plane | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> list[Finding]:
    """Check one coverage.

    Parameters
    ----------
    coverage : Coverage
        In EPSG:4490, or in the source CRS of ``plane``.
    tolerance_m : float
        Width below which an overlap or gap is a sliver.
    plane : Plane, optional
        Where to measure; the city's metric CRS, or where there is none the one that fits the layer.
    progress : callable, optional
        As of `geo.coverage.coverage.check_coverage`.

    Returns
    -------
    list of Finding
        Geometries in EPSG:4490, longitude first.
    """
    if not len(coverage.ids):
        return []
    plane = plane or plane_for(coverage)
    outline = None
    if coverage.outline is not None:
        outline = plane.flat(np.array([coverage.outline], dtype=object))[0]
    flat = plane.flat(coverage.geometries)
    found = check_coverage(
        flat,
        coverage.ids,
        tolerance_m=tolerance_m,
        outline=outline,
        complete=coverage.complete,
        parents=plane.flat(coverage.parents) if len(coverage.parents) else None,
        parent_codes=coverage.parent_codes,
        parent_of=coverage.parent_of,
        above=plane.flat(coverage.above) if len(coverage.above) else None,
        net=plane.flat(coverage.net) if len(coverage.net) else None,
        progress=progress,
    )
    found = sorted_findings([*found, *check_limits(flat, coverage.ids, coverage.limits, coverage.population)])
    return in_degrees(found, plane)


def in_degrees(findings: Sequence[Finding], plane: Plane) -> list[Finding]:
    """The same findings with geometries in EPSG:4490; the place of an invalid one is told in degrees as well."""
    if not findings:
        return []
    shapes = np.full(len(findings), None, dtype=object)
    shapes[:] = [finding.geometry for finding in findings]
    out = []
    for finding, shape in zip(findings, plane.degrees(shapes), strict=True):
        values = dict(finding.values)
        if finding.kind == "invalid" and isinstance(shape, shapely.Point):
            values |= {"x": shape.x, "y": shape.y}
        out.append(replace(finding, geometry=shape, values=values))
    return out


def check_layer(cur: Cursor, layer_id: str, limits: Limits | None = None) -> tuple[list[Finding], list[Coverage]]:
    """Everything that can be found on a layer: its place, its coverage and, where it has them, its codes.

    Parameters
    ----------
    cur : cursor
    layer_id : str
    limits : Limits, optional
        Areas and populations of grids that are ordinary; those of `layers.checking.ordinary` when None.

    Returns
    -------
    findings : list of Finding
        Geometries in EPSG:4490, the worst first.
    coverages : list of Coverage
        What was checked.
    """
    coverages = read_coverages(cur, layer_id, limits)
    found = check_all(coverages)
    first = coverages[0]
    if first.outline is not None and len(first.ids):
        placement = diagnose_placement(np.concatenate([c.geometries for c in coverages]), first.outline)
        found += [placement.finding(layer_id)] if placement else []
    if layer_id in coded_layers():
        found += _codes_of_layer(cur, layer_id)
    return sorted_findings(found), coverages


def check_file(file: CheckedFile) -> list[Finding]:
    """Everything that can be found on a file by itself: its coverage and, when it is one of grids, its codes."""
    found = [found for coverage in file.coverages for found in check(coverage, plane=file.plane)]
    grids = file.coded
    if grids is not None:
        found += check_codes(
            grids.codes, grids.kinds, grids.village_codes, ids=grids.ids, geometries=grids.geometries
        )
    return sorted_findings(found)


def _codes_of_layer(cur: Cursor, layer_id: str) -> list[Finding]:
    city = read_city(cur)
    metric_srid, scheme = city or (None, DEFAULT_SCHEME.id)
    villages, grounds = read_villages(cur)
    gone, issued = read_codes_gone(cur)
    grids = read_grids(cur, layer_id)
    shares = village_shares(grids.geometries, grounds, villages)
    return check_codes(
        grids.codes,
        grids.kinds,
        grids.village_codes,
        divisions=villages or None,
        retired=gone,
        issued=issued,
        scheme=scheme_of(scheme),
        ids=grids.ids,
        shares=dict(zip(grids.ids, shares, strict=True)),
        geometries=grids.geometries,
        metric_srid=metric_srid,
    )


def plane_for(coverage: Coverage) -> Plane:
    """Where a coverage in EPSG:4490 is measured."""
    bounds = shapely.bounds(coverage.geometries)
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if coverage.metric_srid is not None:
        return Plane(f"EPSG:{coverage.metric_srid}")
    if not len(bounds):
        return Plane("EPSG:4549")
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    return plane_of((float(west), float(south), float(east), float(north)))
