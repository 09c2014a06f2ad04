"""Process hot-spots: where cases gather more than chance explains, and how that goes on in time."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import numpy as np
import shapely
from psycopg2.extensions import cursor as Cursor

from geo.errors import InvalidInput
from geo.hotspots.steps import steps_up_to, steps_within
from layers.database.database import bound
from layers.hotspots.cubes import last_day
from layers.hotspots.rows import rows, summary
from layers.hotspots.run import Found, Search, find
from layers.hotspots.store import require_writer, store
from layers.text import Text
from processes.base import Parameters, Process
from processes.hotspots.parameters import HotSpotsParameters


class HotSpots(Process):
    """Gi*, its significance and the pattern in time of grids or cells."""

    id: ClassVar[str] = "hot-spots"
    title: ClassVar[Text] = Text("事件热点分析", "Hot spots")
    description: ClassVar[Text] = Text(
        "按网格或 H3 单元计算时空 Gi*，以错误发现率校正，结合 Mann-Kendall 趋势划分为 17 类热点与冷点；"
        "结果确定、可复算。",
        "Gi* in space and time of grids or H3 cells, corrected by the false discovery rate, with the trend of Mann and "
        "Kendall sorted into 17 patterns of hot and cold spots; the same data always give the same answer.",
    )
    parameters: ClassVar[type[Parameters]] = HotSpotsParameters
    result: ClassVar[Text] = Text("热点与冷点（GeoJSON）", "Hot and cold spots (GeoJSON)")
    example: ClassVar[dict[str, Any]] = {"to_day": "2025-12-31", "types": ["matter-06"], "geometry": False}
    least_role: ClassVar[str] = "staff"

    def run(self, parameters: HotSpotsParameters) -> dict[str, Any]:
        """A FeatureCollection; its members beside the features tell of the whole run."""
        if parameters.store:
            require_writer()
        with bound().transaction() as cur:
            found = find(cur, self._search(parameters, cur))
            stored = store(cur, found) if parameters.store else None
        return {
            "type": "FeatureCollection",
            **summary(found),
            "stored": stored,
            "features": _features(found, parameters),
        }

    def _search(self, parameters: HotSpotsParameters, cur: Cursor) -> Search:
        last = parameters.to_day or last_day(cur)
        if last is None:
            raise InvalidInput("situation.no-cases")
        if parameters.from_day is not None:
            bounds = steps_within(parameters.from_day, last, parameters.step)
        else:
            bounds = steps_up_to(last, parameters.step, parameters.steps)
        return Search(
            bounds=tuple(bounds),
            unit=parameters.unit,
            resolution=parameters.resolution,
            cases=parameters.cases,
            value=parameters.value,
            rings=parameters.rings,
            distance_m=parameters.distance_m,
            lag=parameters.lag,
            window=parameters.window,
            level=parameters.significance,
            discoveries=parameters.correction == "discoveries",
        )


def _features(found: Found, parameters: HotSpotsParameters) -> list[dict[str, Any]]:
    told = rows(found)
    some = [
        i for i, row in enumerate(told)
        if parameters.everything or row["hot_steps"] or row["cold_steps"] or row["pattern"] not in (None, "none")
    ]  # fmt: skip
    shapes: list[Any] = [None] * len(some)
    if parameters.geometry:
        # seven decimals are a centimetre
        texts = shapely.to_geojson(shapely.set_precision(found.places.geometries[some], 1e-7, mode="pointwise"))
        shapes = [json.loads(text) for text in texts.tolist()]
    features = []
    for i, shape in zip(some, shapes, strict=True):
        properties = told[i]
        if parameters.series:
            properties |= {
                "series": {
                    "count": found.cube[i].astype(int).tolist(),
                    "gi_star": np.round(found.scores[i], 4).tolist(),
                    "p": np.round(found.p[i], 6).tolist(),
                }
            }
        features.append({"type": "Feature", "id": properties["code"], "geometry": shape, "properties": properties})
    return features
