"""Process joint-clusters: clusters of cases that several grids, townships or departments have to deal with together."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, ClassVar

import shapely
from pydantic import Field

from geo.errors import InvalidInput
from layers.case_types import type_names
from layers.database.database import bound
from layers.division_names import division_names
from layers.hotspots.cubes import last_day
from layers.situation.clusters import Consulted, Look, consult
from layers.situation.rules import bound_rules
from layers.text import Text
from layers.texts import say
from processes.base import Parameters, Process
from processes.features.case_choice import CaseChoice

LEVELS = ("township", "village")
"""Whose names are told beside their codes."""


class JointClustersParameters(CaseChoice):
    """Inputs of joint-clusters."""

    to_day: date | None = Field(
        None,
        title="To",
        description="Clusters are those that last up to this day; without it the last day with cases.",
        json_schema_extra={"title_zh": "截止日", "description_zh": "查找持续到该日的聚集；缺省为有事件的最后一天。"},
    )
    history: int = Field(
        Look.history,
        ge=14,
        le=730,
        title="History",
        description="Days from which it is learnt what is usual at each place and on each day.",
        json_schema_extra={"title_zh": "参照天数", "description_zh": "用于学习各地各日常态的天数（含截止日）。"},
    )
    longest: int = Field(
        Look.longest,
        ge=1,
        le=60,
        title="Longest",
        description="Days of the longest cluster.",
        json_schema_extra={"title_zh": "最长天数", "description_zh": "聚集的最长天数。"},
    )
    resolution: int = Field(
        Look.resolution,
        ge=7,
        le=10,
        title="Resolution",
        description="H3 resolution of the cells that clusters are made of.",
        json_schema_extra={"title_zh": "H3 级别", "description_zh": "组成聚集的 H3 单元级别。"},
    )
    rings: int = Field(
        Look.rings,
        ge=0,
        le=8,
        title="Rings",
        description="Rings of cells around a middle that the largest cluster has.",
        json_schema_extra={"title_zh": "最大圈数", "description_zh": "最大聚集范围的单元圈数。"},
    )
    least: int = Field(
        Look.least,
        ge=2,
        le=10_000,
        title="Least",
        description="Fewest cases of a cluster.",
        json_schema_extra={"title_zh": "最少事件数", "description_zh": "构成聚集的最少事件数。"},
    )
    significance: float = Field(
        Look.level,
        gt=0,
        le=0.5,
        title="Significance",
        description="Greatest p that is told: the chance of such a cluster anywhere when there is none.",
        json_schema_extra={"title_zh": "显著性水平", "description_zh": "报告的最大 p 值，已计入全部搜索范围。"},
    )
    simulations: int = Field(
        Look.simulations,
        ge=19,
        le=9999,
        title="Simulations",
        description="Permutations of the days; 199 make the smallest p 0.005, 999 make it 0.001.",
        json_schema_extra={
            "title_zh": "模拟次数",
            "description_zh": "随机置换次数；199 次时最小 p 值为 0.005，999 次时为 0.001。",
        },
    )
    seed: int = Field(
        Look.seed,
        ge=0,
        title="Seed",
        description="Of the permutations: the same seed gives the same answer.",
        json_schema_extra={"title_zh": "随机种子", "description_zh": "同一种子得到同一结果。"},
    )
    share: float = Field(
        Look.share,
        gt=0,
        le=0.5,
        title="Share",
        description="Least share of a cluster's cases, and at least two, by which a side is concerned.",
        json_schema_extra={"title_zh": "涉及占比", "description_zh": "某方事件不少于 2 件且达到该占比时视为涉及。"},
    )
    everything: bool = Field(
        False,
        title="Everything",
        description="Clusters that concern a single grid and department as well.",
        json_schema_extra={"title_zh": "全部聚集", "description_zh": "同时给出仅涉及单一网格与部门的聚集。"},
    )


class JointClusters(Process):
    """Where more happens than is usual, and who has to come together about it."""

    id: ClassVar[str] = "joint-clusters"
    title: ClassVar[Text] = Text("联动会商研判", "Clusters for joint consultation")
    description: ClassVar[Text] = Text(
        "以时空置换扫描统计查找近期异常聚集的事件，说明跨越的网格、村居、镇街与涉及的部门、原因、时段、件数与范围。",
        "Finds recent clusters of cases by the space-time permutation scan, and says which grids, villages, townships "
        "and departments each concerns, why, since when, with how many cases, and where.",
    )
    parameters: ClassVar[type[Parameters]] = JointClustersParameters
    result: ClassVar[Text] = Text("需会商的聚集（GeoJSON）", "Clusters to consult about (GeoJSON)")
    example: ClassVar[dict[str, Any]] = {"to_day": "2025-12-31", "simulations": 99}
    least_role: ClassVar[str] = "staff"

    def run(self, parameters: JointClustersParameters) -> dict[str, Any]:
        """A FeatureCollection, the most unusual first."""
        rules = bound_rules()
        with bound().transaction() as cur:
            last = parameters.to_day or last_day(cur)
            if last is None:
                raise InvalidInput("situation.no-cases")
            look = Look(
                last,
                parameters.history,
                parameters.longest,
                parameters.resolution,
                parameters.rings,
                parameters.least,
                parameters.significance,
                parameters.simulations,
                parameters.seed,
                parameters.share,
            )
            found, cases = consult(cur, look, parameters.cases, rules)
            told = [one for one in found if one.joint or parameters.everything]
            names = division_names(cur, {code for one in told for level in LEVELS for code in one.concerned[level]})
            types = type_names(cur)
        departments = rules.department_names
        return {
            "type": "FeatureCollection",
            "to_day": last.isoformat(),
            "cases": cases,
            "clusters": len(found),
            "features": [_feature(number, one, names | types, departments) for number, one in enumerate(told, 1)],
        }


def _feature(number: int, one: Consulted, names: dict[str, str], departments: dict[str, Text]) -> dict[str, Any]:
    cluster = one.cluster

    def side(level: str) -> list[dict[str, Any]]:
        return [{"code": code, "name": names.get(code, ""), "count": n} for code, n in one.concerned[level].items()]

    concerned: list[dict[str, Any]] = [
        {"id": id_, "name": departments[id_].zh, "name_en": departments[id_].en, "count": count}
        for id_, count in one.concerned["department"].items()
    ]
    properties = {
        "joint": one.joint,
        "crosses": one.crosses,
        "from_day": one.first.isoformat(),
        "to_day": one.last.isoformat(),
        "days": cluster.days,
        "count": cluster.count,
        "expected": round(cluster.expected, 2),
        "times_usual": round(cluster.count / cluster.expected, 2),
        "score": round(cluster.score, 4),
        "p": round(cluster.p, 4),
        "townships": side("township"),
        "villages": side("village"),
        "grids": [{"code": code, "count": count} for code, count in one.concerned["grid"].items()],
        "departments": concerned,
        "types": [
            {"type": name, "name": names.get(name, ""), "count": count} for name, count in list(one.types.items())[:5]
        ],
        "case_nos": one.case_nos,
        "reason": _reason(one, "zh", [entry["name"] for entry in concerned], names),
        "reason_en": _reason(one, "en", [entry["name_en"] for entry in concerned], names),
    }
    shape = json.loads(shapely.to_geojson(shapely.set_precision(one.polygon, 1e-7)))
    return {"type": "Feature", "id": number, "geometry": shape, "properties": properties}


def _reason(one: Consulted, language: str, departments: list[str], names: dict[str, str]) -> str:
    """Why it is told, in a sentence or two."""
    between = "、" if language == "zh" else ", "
    cluster = one.cluster
    parts = [
        say(
            "clusters.more", language, days=cluster.days, count=cluster.count, expected=cluster.expected,
            times=cluster.count / cluster.expected, p=cluster.p,
        )
    ]  # fmt: skip
    if one.crosses in ("township", "village"):
        sides = [names.get(code) or code for code in one.concerned[one.crosses]]
        parts.append(say(f"clusters.crosses.{one.crosses}", language, names=between.join(sides)))
    elif one.crosses == "grid":
        parts.append(say("clusters.crosses.grid", language, names=between.join(one.concerned["grid"])))
    if len(departments) > 1:
        parts.append(say("clusters.departments", language, names=between.join(departments)))
    return ("" if language == "zh" else " ").join(parts)
