"""What the process hot-spots takes."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from geo.hotspots.steps import MOST_STEPS, Step
from layers.hotspots.run import Search, Unit, Value
from processes.features.case_choice import CaseChoice


class HotSpotsParameters(CaseChoice):
    """Inputs of hot-spots."""

    unit: Unit = Field(
        Search.unit,
        title="Unit",
        description="Look among the social-governance grids, or the H3 cells of the city.",
        json_schema_extra={"title_zh": "分析单元", "description_zh": "综合网格（grid）或全市 H3 单元（cell）。"},
    )
    resolution: int = Field(
        Search.resolution,
        ge=6,
        le=10,
        title="Resolution",
        description="H3 resolution of cells, 6 to 10.",
        json_schema_extra={"title_zh": "H3 级别", "description_zh": "单元为 H3 时的级别，6 至 10。"},
    )
    from_day: date | None = Field(
        None,
        title="From",
        description="First day of the period; without it as many steps as asked for, up to the last day.",
        json_schema_extra={"title_zh": "起始日", "description_zh": "统计期的第一天；缺省时由期数推算。"},
    )
    to_day: date | None = Field(
        None,
        title="To",
        description="Last day of the period; without it the last day with cases.",
        json_schema_extra={"title_zh": "截止日", "description_zh": "统计期的最后一天；缺省为有事件的最后一天。"},
    )
    step: Step = Field(
        "month",
        title="Step",
        description="Step of time; only whole ones are looked at. Weeks are counted back from the last day.",
        json_schema_extra={
            "title_zh": "时间步长",
            "description_zh": "日、周、月、季或年；只统计完整的时间步，周自截止日倒推。",
        },
    )
    steps: int = Field(
        12,
        ge=1,
        le=MOST_STEPS,
        title="Steps",
        description="How many steps where no first day is given; patterns in time take at least 10.",
        json_schema_extra={"title_zh": "期数", "description_zh": "未给出起始日时的期数；演变类型至少需要 10 期。"},
    )
    value: Value = Field(
        Search.value,
        title="Value",
        description="Cases; cases a person; or these drawn by empirical Bayes towards the mean of all grids or of the "
        "neighbours, so that a grid with few people does not stand out by chance. Rates need people, so grids.",
        json_schema_extra={
            "title_zh": "分析值",
            "description_zh": "事件数、人均事件数，或向全市（smoothed-rate）、邻域（local-rate）均值收缩的"
            "经验贝叶斯率；人均值仅适用于网格。",
        },
    )
    rings: int = Field(
        Search.rings,
        ge=0,
        le=10,
        title="Rings",
        description="Neighbours are those that so many steps lead to, from grid to touching grid or from cell to cell.",
        json_schema_extra={"title_zh": "邻域圈数", "description_zh": "相邻网格（共边或共点）或相邻单元的圈数。"},
    )
    distance_m: float | None = Field(
        None,
        gt=0,
        le=50_000,
        title="Distance",
        description="Neighbours lie no further apart than this, in metres from middle to middle; in place of rings.",
        json_schema_extra={"title_zh": "邻域距离", "description_zh": "以中心间距（米）定义邻域，代替圈数。"},
    )
    lag: int = Field(
        Search.lag,
        ge=0,
        le=12,
        title="Lag",
        description="Steps before its own in which a neighbourhood lies too.",
        json_schema_extra={"title_zh": "时间邻域", "description_zh": "邻域向前包含的时间步数。"},
    )
    window: Literal["cube", "steps"] = Field(
        Search.window,
        title="Window",
        description="Hold a neighbourhood against all places and steps, or against the steps that it reaches over.",
        json_schema_extra={
            "title_zh": "比较范围",
            "description_zh": "与整个时空立方体（cube）或邻域所在的时间步（steps）比较。",
        },
    )
    significance: float = Field(
        Search.level,
        gt=0,
        le=0.2,
        title="Significance",
        description="Rate of false discoveries among the spots of all steps, and significance of a trend.",
        json_schema_extra={"title_zh": "显著性水平", "description_zh": "热点的错误发现率，亦为趋势的显著性水平。"},
    )
    correction: Literal["discoveries", "none"] = Field(
        "discoveries",
        title="Correction",
        description="Pay for the many tests by the false discovery rate (Benjamini-Hochberg), or not.",
        json_schema_extra={
            "title_zh": "多重检验校正",
            "description_zh": "按错误发现率校正（Benjamini-Hochberg）或不校正。",
        },
    )
    everything: bool = Field(
        False,
        title="Everything",
        description="Tell of places without any spot as well.",
        json_schema_extra={"title_zh": "全部单元", "description_zh": "同时给出没有热点或冷点的单元。"},
    )
    series: bool = Field(
        False,
        title="With series",
        description="Count, Gi* and p of every step.",
        json_schema_extra={"title_zh": "附带序列", "description_zh": "给出每一期的数量、Gi* 与 p 值。"},
    )
    geometry: bool = Field(
        True,
        title="With geometry",
        description="Polygons of the places.",
        json_schema_extra={"title_zh": "附带图形", "description_zh": "给出单元的图形。"},
    )
    store: bool = Field(
        False,
        title="Store",
        description="Make it what the layer hot-spots shows (editors of the whole city).",
        json_schema_extra={"title_zh": "保存", "description_zh": "作为热点图层的当前结果（全市编辑人员）。"},
    )
