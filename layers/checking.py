"""A coverage checked in metres, with findings that lie in degrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely

from geo.coverage import check_coverage
from geo.finding import Finding, sorted_findings
from geo.measuring import Plane, plane_of
from layers.coverages import Coverage

SLIVER_M = 1.0
"""An overlap or gap that is nowhere wider is marked as a sliver."""


def check_all(coverages: Sequence[Coverage], tolerance_m: float = SLIVER_M) -> list[Finding]:
    """Findings of several coverages as one list, the worst first."""
    return sorted_findings(found for coverage in coverages for found in check(coverage, tolerance_m))


def check(coverage: Coverage, tolerance_m: float = SLIVER_M, plane: Plane | None = None) -> list[Finding]:
    """Check one coverage.

    Parameters
    ----------
    coverage : Coverage
        In EPSG:4490, or in the source CRS of ``plane``.
    tolerance_m : float
        Width below which an overlap or gap is a sliver.
    plane : Plane, optional
        Where to measure; the city's metric CRS, or where there is none the one that fits the layer.

    Returns
    -------
    list of Finding
        Geometries in EPSG:4490, longitude first.
    """
    if not len(coverage.ids):
        return []
    plane = plane or _plane(coverage)
    outline = None
    if coverage.outline is not None:
        outline = plane.flat(np.array([coverage.outline], dtype=object))[0]
    found = check_coverage(
        plane.flat(coverage.geometries),
        coverage.ids,
        tolerance_m=tolerance_m,
        outline=outline,
        complete=coverage.complete,
        parents=plane.flat(coverage.parents) if len(coverage.parents) else None,
        parent_codes=coverage.parent_codes,
        parent_of=coverage.parent_of,
    )
    return in_degrees(found, plane)


def in_degrees(findings: Sequence[Finding], plane: Plane) -> list[Finding]:
    """The same findings with geometries in EPSG:4490; the place of an invalid one is told in degrees as well."""
    shapes = np.full(len(findings), None, dtype=object)
    shapes[:] = [finding.geometry for finding in findings]
    out = []
    for finding, shape in zip(findings, plane.degrees(shapes), strict=True):
        values = dict(finding.values)
        if finding.kind == "invalid" and isinstance(shape, shapely.Point):
            values |= {"x": shape.x, "y": shape.y}
        out.append(replace(finding, geometry=shape, values=values))
    return out


def _plane(coverage: Coverage) -> Plane:
    bounds = shapely.bounds(coverage.geometries)
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if coverage.metric_srid is not None:
        return Plane(f"EPSG:{coverage.metric_srid}")
    if not len(bounds):
        return Plane("EPSG:4549")
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    return plane_of((float(west), float(south), float(east), float(north)))
