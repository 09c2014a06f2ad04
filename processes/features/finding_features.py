"""Findings as GeoJSON features."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import shapely

from geo.finding import Finding
from layers.checking.finding_text import message


def finding_features(findings: Sequence[Finding], checked: int) -> dict[str, Any]:
    """FeatureCollection of findings in their order.

    Parameters
    ----------
    findings : sequence of Finding
        Geometries in longitude and latitude; a finding without one has the geometry null.
    checked : int
        How many features were checked.

    Returns
    -------
    dict
        Each feature's id is the finding's identity; ``message`` is Chinese, ``message_en`` English, and ``values``
        holds the numbers and codes of both. ``checked`` and ``counts`` (findings by severity) stand beside
        the features.
    """
    severities = Counter(finding.severity for finding in findings)
    return {
        "type": "FeatureCollection",
        "checked": checked,
        "counts": {severity: severities[severity] for severity in ("error", "warning", "note")},
        "features": [_feature(finding) for finding in findings],
    }


def _feature(finding: Finding) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": finding.identity,
        "geometry": None if finding.geometry is None else json.loads(shapely.to_geojson(finding.geometry)),
        "properties": {
            "kind": finding.kind,
            "severity": finding.severity,
            "ids": list(finding.ids),
            "area_m2": finding.area_m2,
            "width_m": finding.width_m,
            "sliver": finding.sliver,
            "message": message(finding, "zh"),
            "message_en": message(finding, "en"),
            "values": dict(finding.values),
        },
    }
