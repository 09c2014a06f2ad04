"""Process split-grid: a grid cut along a line, or into equal parts along roads, in a change set."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from pydantic import Field, model_validator
from shapely.geometry.base import BaseGeometry

from geo.changes.balanced import MOST_PARTS, split_balanced
from geo.changes.cut import cut_along
from geo.errors import InvalidInput
from layers.catalogue.changes import GRID_EDITS
from layers.changes.drafting import Draft, WorkingGrid, drafting
from layers.changes.reshaping import split
from layers.changes.traced import case_points
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process
from processes.changes.draft_inputs import (
    drafted,
    feature,
    grid_id,
    into_set,
    preview_only,
    read_lines,
    read_points,
)


class SplitGridParameters(Parameters):
    """Inputs of split-grid."""

    grid: str = grid_id()
    line: dict[str, Any] | None = Field(
        None,
        title="Line",
        description="GeoJSON LineString or MultiLineString to cut along; an end inside of the grid is carried on to "
        "the border when that is near.",
        json_schema_extra={
            "title_zh": "分割线",
            "description_zh": "GeoJSON LineString 或 MultiLineString；止于网格内、离边界不远的一端自动延长到边界。",
        },
    )
    parts: int | None = Field(
        None,
        ge=2,
        le=MOST_PARTS,
        title="Parts",
        description="Without a line: how many connected parts of equal size.",
        json_schema_extra={"title_zh": "份数", "description_zh": "不给分割线时，均分为几个连通的部分。"},
    )
    balance: Literal["area", "cases", "points"] = Field(
        "area",
        title="Balance",
        description="What the parts are to have the same of: ground, cases, or the weight of points.",
        json_schema_extra={
            "title_zh": "均衡依据",
            "description_zh": "各部分相等的量：面积、事件数，或给定点的权重（人口）。",
        },
    )
    points: dict[str, Any] | None = Field(
        None,
        title="Points",
        description="GeoJSON points with the property weight, e.g. the people of each house (1 when missing).",
        json_schema_extra={
            "title_zh": "点",
            "description_zh": "GeoJSON 点，属性 weight 为权重，如每栋楼的人数（缺省为 1）。",
        },
    )
    since: date | None = Field(
        None,
        title="Cases since",
        description="First day of the cases that are counted.",
        json_schema_extra={"title_zh": "事件起始日", "description_zh": "计入的事件从哪一天起。"},
    )
    until: date | None = Field(
        None,
        title="Cases until",
        description="Last day of the cases that are counted.",
        json_schema_extra={"title_zh": "事件截止日", "description_zh": "计入的事件到哪一天止。"},
    )
    roads: dict[str, Any] | None = Field(
        None,
        title="Roads",
        description="GeoJSON lines that borders should follow.",
        json_schema_extra={"title_zh": "道路", "description_zh": "GeoJSON 线，新边界尽量沿其走向。"},
    )
    tolerance: float = Field(
        0.05,
        ge=0,
        le=0.5,
        title="Tolerance",
        description="How uneven parts may be for the sake of roads and straight borders.",
        json_schema_extra={"title_zh": "均衡容差", "description_zh": "为沿路、取直而允许的不均衡程度。"},
    )
    names: list[str] = Field(
        default_factory=list,
        max_length=MOST_PARTS,
        title="Names",
        description="Names of the parts, in the order in which a dry run shows them.",
        json_schema_extra={"title_zh": "名称", "description_zh": "各部分名称，按试运行给出的顺序。"},
    )
    change_set: int | None = into_set()
    dry_run: bool = preview_only()

    @model_validator(mode="after")
    def _one_way(self) -> SplitGridParameters:
        if (self.line is None) == (self.parts is None):
            raise InvalidInput("split.one-way")
        if (self.balance == "points") != (self.points is not None):
            raise InvalidInput("split.points-balance")
        return self


class SplitGrid(Process):
    """Splits a grid in a change set."""

    id: ClassVar[str] = "split-grid"
    title: ClassVar[Text] = Text("拆分网格", "Split a grid")
    description: ClassVar[Text] = Text(
        "沿线拆分网格，或沿道路均分为若干连通的部分（按面积、事件或人口），写入变更集，发布后生效；人口按份额分配，合计不变。",
        "Splits a grid along a line, or into connected parts with equal ground, cases or people along roads, in a "
        "change set that takes effect when it is published. Population is shared out and its sum stays.",
    )
    parameters: ClassVar[type[Parameters]] = SplitGridParameters
    result: ClassVar[Text] = Text("各部分、分割线与检查结果", "The parts, the cut and findings")
    example: ClassVar[dict[str, Any]] = {"grid": "321283100202001", "parts": 3, "dry_run": True}
    least_role: ClassVar[str] = GRID_EDITS.writers or "admin"
    changing: ClassVar[bool] = True

    def run(self, parameters: SplitGridParameters) -> dict[str, Any]:
        """The parts."""
        with drafting(bound(), parameters.change_set, dry_run=parameters.dry_run) as draft:
            grid = draft.grid(parameters.grid)
            shapes, sizes, cut, told = _divided(draft, grid, parameters)
            found = split(draft, grid, shapes, sizes, parameters.names)
        areas = shapely.area(draft.plane.flat(shapes))
        features = [
            feature(part.id, shape, role="part", name=part.name, population=part.population, area_m2=float(area),
                    size=float(size), share=float(size / sizes.sum()))
            for part, shape, area, size in zip(found, shapes, areas, sizes, strict=True)
        ]  # fmt: skip
        features.append(feature(None, cut, role="cut"))
        return drafted(draft, features, parameters.dry_run, grid=grid.id, **told)


def _divided(
    draft: Draft, grid: WorkingGrid, parameters: SplitGridParameters
) -> tuple[NDArray[np.object_], NDArray[np.float64], BaseGeometry, dict[str, object]]:
    """Parts, their sizes, the new borders, and how well it went."""
    if parameters.line is not None:
        lines = read_lines(parameters.line, "line")
        line = lines[0] if len(lines) == 1 else shapely.multilinestrings(shapely.get_parts(lines))
        cut = cut_along(grid.geometry, line, plane=draft.plane)
        return cut.parts, cut.areas_m2, cut.line, {"balance": "area", "extended_m": cut.extended_m}
    points, weights = None, None
    if parameters.points is not None:
        points, weights = read_points(parameters.points, "points")
    elif parameters.balance == "cases":
        points = case_points(draft.cur, grid.geometry, parameters.since, parameters.until)
    roads = [] if parameters.roads is None else read_lines(parameters.roads, "roads")
    found = split_balanced(
        grid.geometry, parameters.parts or 2, plane=draft.plane, points=points, weights=weights, roads=roads,
        tolerance=parameters.tolerance,
    )  # fmt: skip
    flat = draft.plane.flat(found.parts)
    inner = shapely.difference(
        shapely.union_all(shapely.boundary(flat)), shapely.buffer(shapely.boundary(draft.plane.flat(
            np.array([grid.geometry], dtype=object))[0]), 0.01)
    )  # fmt: skip
    cut_line = draft.plane.degrees(np.array([inner], dtype=object))[0]
    told: dict[str, object] = {
        "balance": parameters.balance, "error": found.error, "road_share": found.road_share, "outside": found.outside,
    }  # fmt: skip
    return found.parts, found.sizes, cut_line, told
