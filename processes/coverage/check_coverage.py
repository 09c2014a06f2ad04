"""Process check-coverage: overlaps, gaps and other faults of a layer of polygons."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from geo.coverage.limits import Limits
from layers.checking.check import check_all
from layers.text import Text
from processes.base import Parameters, Process
from processes.coverage.parameters import CoverageParameters
from processes.features.finding_features import finding_features


def _limit(title: str, title_zh: str, odd: str, odd_zh: str) -> Any:
    return Field(
        None,
        ge=0,
        title=title,
        description=f"A social-governance grid that is {odd} is a warning; without limits those of the service.",
        json_schema_extra={
            "title_zh": title_zh,
            "description_zh": f"{odd_zh}此值的综合网格给出警告；均不填时用本服务的缺省值。",
        },
    )


class CheckCoverageParameters(CoverageParameters):
    """Inputs of check-coverage."""

    least_m2: float | None = _limit("Least area in m2", "最小面积（平方米）", "smaller", "低于")
    most_m2: float | None = _limit("Greatest area in m2", "最大面积（平方米）", "greater", "高于")
    least_people: float | None = _limit("Least population", "最少人口", "less populated", "低于")
    most_people: float | None = _limit("Greatest population", "最多人口", "more populated", "高于")

    def limits(self) -> Limits | None:
        """The limits that were given; None when there are none."""
        given = Limits(self.least_m2, self.most_m2, self.least_people, self.most_people)
        return None if given == Limits() else given


class CheckCoverage(Process):
    """Whether polygons leave no gap and no overlap, match at their borders and stay in their division."""

    id: ClassVar[str] = "check-coverage"
    title: ClassVar[Text] = Text("检查拓扑", "Check coverage")
    description: ClassVar[Text] = Text(
        "检查面图层：无效几何、重复、重叠、空隙、公共边界节点不一致、多部件、越出所属村居或综合网格、"
        "面积与人口异常；面积以米制坐标计算。",
        "Checks polygons for invalid geometry, duplicates, overlaps, gaps, borders without common vertices, several "
        "parts, ground outside of their division or of the grids below, and odd sizes and populations; areas are "
        "measured in a metric CRS.",
    )
    parameters: ClassVar[type[Parameters]] = CheckCoverageParameters
    result: ClassVar[Text] = Text("检查结果（GeoJSON）", "Findings (GeoJSON)")
    example: ClassVar[dict[str, Any]] = {"layer": "grids"}

    def run(self, parameters: CheckCoverageParameters) -> dict[str, Any]:
        """Findings as a FeatureCollection, the worst first."""
        coverages = parameters.coverages(parameters.limits())
        found = check_all(coverages, parameters.tolerance_m)
        return finding_features(found, checked=sum(len(coverage.ids) for coverage in coverages))
