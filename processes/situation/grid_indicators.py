"""Process grid-indicators: how grids, villages and townships are doing, and the points they get for it."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any, ClassVar, Literal

import shapely
from pydantic import Field

from geo.errors import InvalidInput
from geo.hotspots.steps import period_before, steps_up_to, year_before
from layers.database.database import bound
from layers.hotspots.cubes import last_day
from layers.hotspots.run import days_of
from layers.situation.assess import Assessed, assess, unit_rows
from layers.situation.rules import bound_rules, with_components
from layers.situation.units import Level
from layers.text import Text
from processes.base import Parameters, Process
from processes.features.case_choice import CaseChoice


class PointsOf(Parameters):
    """One component of the assessment."""

    indicator: str
    zero_at: float
    full_at: float
    points: float


class GridIndicatorsParameters(CaseChoice):
    """Inputs of grid-indicators."""

    levels: list[Level] = Field(
        ["township"],
        min_length=1,
        title="Levels",
        description="Which units: grid, village, township, county.",
        json_schema_extra={"title_zh": "层级", "description_zh": "统计层级：网格、村居、镇街、县市。"},
    )
    from_day: date | None = Field(
        None,
        title="From",
        description="First day of the period; without days the last whole month.",
        json_schema_extra={"title_zh": "起始日", "description_zh": "统计期的第一天；缺省为最近一个完整月。"},
    )
    to_day: date | None = Field(
        None,
        title="To",
        description="Last day of the period.",
        json_schema_extra={"title_zh": "截止日", "description_zh": "统计期的最后一天。"},
    )
    compare: Literal["before", "year"] = Field(
        "before",
        title="Compare with",
        description="The period just before (as many months, or days), or the same one of the year before.",
        json_schema_extra={"title_zh": "比较对象", "description_zh": "环比（before）或同比（year）。"},
    )
    as_of: datetime | None = Field(
        None,
        title="As of",
        description="Moment from which open and late cases are judged; now when it is not given.",
        json_schema_extra={"title_zh": "统计时刻", "description_zh": "判断未结与超期的时刻；缺省为当前。"},
    )
    base: float | None = Field(
        None,
        ge=0,
        le=100,
        title="Base points",
        description="Points that everybody has, with components; those of the city's rules when not given.",
        json_schema_extra={"title_zh": "基础分", "description_zh": "与考核项一起给出；缺省采用本市规则。"},
    )
    components: list[PointsOf] | None = Field(
        None,
        title="Components",
        description="Indicators with the value that earns nothing, the one that earns all, and the points, below 0 to "
        "take them away; base and the points above 0 add up to 100. Those of the city's rules when not given.",
        json_schema_extra={
            "title_zh": "考核项",
            "description_zh": "指标、零分值、满分值与分值（负数为扣分）；基础分与加分之和为 100；缺省采用本市规则。",
        },
    )
    geometry: bool = Field(
        False,
        title="With geometry",
        description="Polygons of the units.",
        json_schema_extra={"title_zh": "附带图形", "description_zh": "给出各单元的图形。"},
    )


class GridIndicators(Process):
    """Counts, rates, closing times, trends, points and ranks."""

    id: ClassVar[str] = "grid-indicators"
    title: ClassVar[Text] = Text("网格运行指标与积分考核", "Indicators and points of grids")
    description: ClassVar[Text] = Text(
        "统计各网格、村居、镇街的事件数、万人与单位面积事件率、结案时长、按期结案率与趋势，按本市规则计算考核积分并排名。",
        "Counts, rates, closing times, share closed in time and trend of grids, villages and townships for a period "
        "against the one before, with points by the city's rules and ranks.",
    )
    parameters: ClassVar[type[Parameters]] = GridIndicatorsParameters
    result: ClassVar[Text] = Text("各单元的指标与积分（GeoJSON）", "Indicators and points of each unit (GeoJSON)")
    example: ClassVar[dict[str, Any]] = {
        "levels": ["township"],
        "from_day": "2025-12-01",
        "to_day": "2025-12-31",
        "as_of": "2026-01-01T00:00:00+08:00",
    }
    least_role: ClassVar[str] = "staff"

    def run(self, parameters: GridIndicatorsParameters) -> dict[str, Any]:
        """A FeatureCollection, the best first within each level."""
        rules = bound_rules()
        if parameters.components is not None:
            rules = with_components(rules, parameters.base or 0.0, [c.model_dump() for c in parameters.components])
        elif parameters.base is not None:
            raise InvalidInput("situation.base-alone")
        as_of = parameters.as_of
        if as_of is not None and as_of.tzinfo is None:
            raise InvalidInput("situation.no-zone", value=as_of.isoformat())
        with bound().transaction() as cur:
            period = _period(parameters, last_day(cur))
            before = (year_before if parameters.compare == "year" else period_before)(*period)
            found = assess(cur, parameters.levels, period, before, parameters.cases, rules, as_of)
        return {
            "type": "FeatureCollection",
            "period": [day.isoformat() for day in period],
            "compared_with": [day.isoformat() for day in before],
            "elsewhere": {level: one.elsewhere for level, one in found.items()},
            "assessment": rules.assessment.model_dump(),
            "features": [
                feature for level in parameters.levels for feature in _features(found[level], parameters.geometry)
            ],
        }


def _period(parameters: GridIndicatorsParameters, last: date | None) -> tuple[date, date]:
    first, end = parameters.from_day, parameters.to_day
    if (first is None) != (end is None):
        raise InvalidInput("situation.half-period")
    if first is not None and end is not None:
        if first > end:
            raise InvalidInput("situation.period", first=first, last=end)
        return first, end
    if last is None:
        raise InvalidInput("situation.no-cases")
    return days_of(steps_up_to(last, "month", 1))


def _features(found: Assessed, geometry: bool) -> list[dict[str, Any]]:
    shapes: list[Any] = [None] * len(found.units)
    if geometry:
        texts = shapely.to_geojson(shapely.set_precision(found.units.geometries, 1e-7, mode="pointwise"))
        shapes = [json.loads(text) for text in texts.tolist()]
    rows = unit_rows(found)
    order = sorted(range(len(rows)), key=lambda i: (rows[i]["rank"] is None, rows[i]["rank"], rows[i]["code"]))
    return [{"type": "Feature", "id": rows[i]["code"], "geometry": shapes[i], "properties": rows[i]} for i in order]
