"""Process count-on-day: cases, or counts that somebody has, on the grids of another day."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from geo.changes.trace import carry_counts
from geo.errors import InvalidInput
from layers.catalogue.changes import GRID_LINEAGE
from layers.changes.traced import count_cases, grids_on, read_steps
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process
from processes.changes.draft_inputs import feature

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


class CountOnDayParameters(Parameters):
    """Inputs of count-on-day."""

    day: date = Field(
        ...,
        title="Day",
        description="Whose grids are counted on.",
        json_schema_extra={"title_zh": "网格日期", "description_zh": "按哪一天的网格统计。"},
    )
    since: date | None = Field(
        None,
        title="Cases since",
        description="First day of the cases.",
        json_schema_extra={"title_zh": "事件起始日", "description_zh": "事件从哪一天起。"},
    )
    until: date | None = Field(
        None,
        title="Cases until",
        description="Last day of the cases, included.",
        json_schema_extra={"title_zh": "事件截止日", "description_zh": "事件到哪一天止（含）。"},
    )
    category: str | None = Field(
        None,
        title="Category",
        description="Only components or only matters.",
        json_schema_extra={"title_zh": "类别", "description_zh": "只计部件或只计事件。"},
    )
    type_code: str | None = Field(
        None,
        title="Type",
        description="Only cases of this type.",
        json_schema_extra={"title_zh": "小类代码", "description_zh": "只计此类事件。"},
    )
    counts: dict[str, Count] | None = Field(
        None,
        title="Counts",
        description="Instead of cases: numbers by the codes of counted_on, carried along by shares of ground; their "
        "sum stays.",
        json_schema_extra={
            "title_zh": "已有计数",
            "description_zh": "不查事件，而把 counted_on 当天各编码的计数按面积占比换算；合计不变。",
        },
    )
    counted_on: date | None = Field(
        None,
        title="Counted on",
        description="Day of the grids that the counts are on.",
        json_schema_extra={"title_zh": "计数所用网格日期", "description_zh": "已有计数对应哪一天的网格。"},
    )

    @model_validator(mode="after")
    def _one_way(self) -> CountOnDayParameters:
        if self.counts is not None and self.counted_on is None:
            raise InvalidInput("count.counted-on")
        if self.counts is None and (self.since is None or self.until is None):
            raise InvalidInput("count.one-way")
        return self


class CountOnDay(Process):
    """Counts cases on the grids of any day."""

    id: ClassVar[str] = "count-on-day"
    title: ClassVar[Text] = Text("按任一天的网格统计", "Count on the grids of a day")
    description: ClassVar[Text] = Text(
        "按任一天的网格统计事件（逐件按位置，准确），或把已有计数沿沿革按面积占比换算到该天的网格；合计不变。",
        "Counts cases on the grids of any day, each by where it happened, or carries counts along the lineage by "
        "shares of ground; sums stay.",
    )
    parameters: ClassVar[type[Parameters]] = CountOnDayParameters
    result: ClassVar[Text] = Text("各网格计数", "Counts by grid")
    example: ClassVar[dict[str, Any]] = {"day": "2024-12-31", "since": "2024-01-01", "until": "2024-12-31"}
    least_role: ClassVar[str] = GRID_LINEAGE.readers

    def run(self, parameters: CountOnDayParameters) -> dict[str, Any]:
        """Counts of the day's grids."""
        counted_on, given = parameters.counted_on, parameters.counts
        with bound().transaction() as cur:
            if given is not None and counted_on is not None:
                steps = read_steps(cur, counted_on, parameters.day)
                carried = carry_counts(given, steps, counted_on, parameters.day)
                outside = carried.pop(None, 0)
                found = {str(code): count for code, count in carried.items()}
                return _answer(parameters.day, "shares", found, outside, [])
            codes, names, shapes = grids_on(cur, parameters.day, "social")
            counts, outside = count_cases(
                cur, shapes, parameters.since or date.min, parameters.until or date.max, parameters.category,
                parameters.type_code,
            )  # fmt: skip
        features = [
            feature(code, shape, code=code, name=name, count=count)
            for code, name, shape, count in zip(codes, names, shapes, counts, strict=True)
        ]
        return _answer(parameters.day, "location", dict(zip(codes, counts, strict=True)), outside, features)


def _answer(
    day: date, method: str, counts: dict[str, int], outside: int, features: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "day": day.isoformat(),
        "method": method,
        "counts": counts,
        "outside": outside,
        "total": sum(counts.values()) + outside,
        "features": features,
    }
