"""What the processes about coverages take: a layer of the service, or polygons that come with the request."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from geo.coverage.limits import Limits
from geo.errors import InvalidInput
from layers.checking.check import SLIVER_M
from layers.checking.coverages import Coverage, read_coverages
from layers.database.database import bound
from layers.jobs.progress import report
from processes.base import Parameters
from processes.features.polygon_features import read_polygons, read_population


class CoverageParameters(Parameters):
    """Polygons, and how wide what is told apart or mended may be."""

    layer: str | None = Field(
        None,
        title="Layer",
        description="Id of a layer of this service: grids or divisions; grids when no features are given either.",
        json_schema_extra={
            "title_zh": "图层",
            "description_zh": "本服务的图层：grids 或 divisions；未给出要素时缺省为 grids。",
        },
    )
    features: dict[str, Any] | None = Field(
        None,
        title="Features",
        description="GeoJSON FeatureCollection of polygons in longitude and latitude, taken instead of a layer.",
        json_schema_extra={
            "title_zh": "要素",
            "description_zh": "面要素集合（GeoJSON，经度、纬度），代替图层。",
            "contentMediaType": "application/geo+json",
        },
    )
    tolerance_m: float = Field(
        SLIVER_M,
        ge=0,
        le=1000,
        title="Tolerance in metres",
        description="An overlap or gap that is nowhere wider is a sliver: marked by a check, mended by a repair, "
        "which moves no border further.",
        json_schema_extra={
            "title_zh": "容差（米）",
            "description_zh": "最宽处不超过此值的重叠或空隙视为狭长：检查时加以标记，修复时予以处理，"
            "边界移动不超过此值。",
        },
    )

    def coverages(self, limits: Limits | None = None) -> list[Coverage]:
        """The polygons, those of each kind as a coverage of its own.

        Parameters
        ----------
        limits : Limits, optional
            Areas and populations that are ordinary; for a layer of the service its own when None.

        Raises
        ------
        InvalidInput
            When there are both a layer and features, or either can't be read.
        """
        if self.layer is not None and self.features is not None:
            raise InvalidInput("coverage.both")
        report(0, 1, "progress.reading")
        if self.features is None:
            with bound().transaction() as cur:
                return read_coverages(cur, self.layer or "grids", limits)
        ids, geometries, kinds = read_polygons(self.features)
        people = read_population(self.features)
        return Coverage(ids, geometries, population=people, limits=limits or Limits()).by_kind(kinds)
