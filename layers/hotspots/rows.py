"""Found hot spots as rows: what a feature of the answer and a row of the layer say of one place."""

from __future__ import annotations

from typing import Any

import numpy as np

from geo.hotspots.emerging import class_names
from layers.hotspots.run import Found, days_of

TRENDS = {1: "up", 0: "steady", -1: "down"}


def rows(found: Found) -> list[dict[str, Any]]:
    """Properties of each place, by the names of the layer's fields.

    Parameters
    ----------
    found : Found

    Returns
    -------
    list of dict
        In the order of the places; numbers are rounded to what they can tell.
    """
    search = found.search
    significant = found.p <= search.level
    hot, cold = significant & (found.scores > 0), significant & (found.scores < 0)
    names = [None] * len(found.places) if found.classes is None else class_names(found.classes)
    columns: dict[str, list[Any]] = {
        "code": found.places.codes,
        "name": found.places.names,
        "township_code": found.places.townships,
        "pattern": names,
        "confidence": found.confidence[:, -1].tolist(),
        "gi_star": np.round(found.scores[:, -1], 4).tolist(),
        "p": np.round(found.p[:, -1], 6).tolist(),
        "count": found.cube.sum(axis=1).astype(int).tolist(),
        "last_count": found.cube[:, -1].astype(int).tolist(),
        "hot_steps": hot.sum(axis=1).tolist(),
        "cold_steps": cold.sum(axis=1).tolist(),
        "trend": [TRENDS[way] for way in found.trend.direction(search.level).tolist()],
        "trend_p": np.round(found.trend.p, 6).tolist(),
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def summary(found: Found) -> dict[str, Any]:
    """What holds of the run as a whole."""
    search = found.search
    first, last = days_of(search.bounds)
    names = [] if found.classes is None else class_names(found.classes)
    return {
        "unit": search.unit,
        "resolution": search.resolution if search.unit == "cell" else None,
        "places": len(found.places),
        "left_out": found.left_out,
        "cases": int(found.cube.sum()),
        "elsewhere": found.elsewhere,
        "period": [first.isoformat(), last.isoformat()],
        "steps": [day.isoformat() for day in search.bounds[:-1]],
        "patterns": {name: names.count(name) for name in sorted(set(names))},
    }
