"""What the process crosswalk takes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from geo.crosswalk.relations import Thresholds
from processes.base import Parameters

Source = dict[str, Any] | str


class CrosswalkParameters(Parameters):
    """Inputs of crosswalk."""

    cells: Source = Field(
        title="Cells",
        description="GeoJSON FeatureCollection of department cells in longitude and latitude, or the id of a layer.",
        json_schema_extra={"title_zh": "部门单元", "description_zh": "部门网格要素集合（GeoJSON，经度、纬度）或图层。"},
    )
    department: str = Field(
        "department",
        title="Department property",
        description="Property that says whose cell it is; cells that lack it belong to one department.",
        json_schema_extra={"title_zh": "部门字段", "description_zh": "注明单元所属部门的属性；缺失时视为同一部门。"},
    )
    grids: Source = Field(
        "grids",
        title="Grids",
        description="FeatureCollection of grids, or the id of a layer.",
        json_schema_extra={"title_zh": "网格", "description_zh": "网格要素集合或图层。"},
    )
    kind: Literal["social", "dedicated"] = Field(
        "social",
        title="Kind of grids",
        description="Grids that the cells are mapped to: the social-governance grids, or the dedicated ones.",
        json_schema_extra={
            "title_zh": "网格类型",
            "description_zh": "映射到综合网格（social）或专属网格（dedicated）。",
        },
    )
    population: Source | None = Field(
        None,
        title="Population",
        description="FeatureCollection of blocks or points with people, or the id of a layer: shares of people then.",
        json_schema_extra={"title_zh": "人口", "description_zh": "带人口的面或点要素集合或图层；给出时另计人口占比。"},
    )
    population_property: str = Field(
        "population",
        title="Population property",
        description="Property with the number of people.",
        json_schema_extra={"title_zh": "人口字段", "description_zh": "人口数所在的属性。"},
    )
    blocks: Literal["area", "largest"] = Field(
        "area",
        title="Blocks",
        description="People of a block on a border: by area on each side, or all on the side with the largest part.",
        json_schema_extra={
            "title_zh": "跨界人口",
            "description_zh": "跨界面的人口按面积分摊（area）或归入占地最大者（largest）。",
        },
    )
    sliver_share: float = Field(
        Thresholds.share,
        ge=0,
        le=1,
        title="Sliver share",
        description="A relation with less than this share of the cell and of the grid is a sliver, and dropped.",
        json_schema_extra={
            "title_zh": "狭小阈值",
            "description_zh": "占单元与网格的比例均低于此值的关系视为狭小，不计入。",
        },
    )
    sliver_m2: float = Field(
        Thresholds.area_m2,
        ge=0,
        title="Sliver area",
        description="So is one with less ground than this, in square metres.",
        json_schema_extra={"title_zh": "狭小面积", "description_zh": "面积（平方米）低于此值的关系同样不计入。"},
    )
    assign_by: Literal["people", "area"] = Field(
        "people",
        title="Assign by",
        description="Share that proposes the grid of a cell: of its people where it has any, or of its area.",
        json_schema_extra={
            "title_zh": "归并依据",
            "description_zh": "按人口占比（无人口时按面积）或按面积建议所属网格。",
        },
    )
    counts: list[str] = Field(
        default_factory=list,
        title="Counts",
        description="Properties of the cells (households, cases) to carry over to the grids.",
        json_schema_extra={"title_zh": "统计字段", "description_zh": "需要转换到网格的单元属性（户数、事件数等）。"},
    )
    carry: Literal["shares", "assignment"] = Field(
        "shares",
        title="Carry over",
        description="Divide counts by the shares of each cell, or give each to the proposed grid.",
        json_schema_extra={
            "title_zh": "转换方式",
            "description_zh": "按占比分摊（shares）或整体归入建议网格（assignment）。",
        },
    )
    whole: bool = Field(
        False,
        title="Whole numbers",
        description="People and counts in whole numbers by the largest remainder, with every sum kept.",
        json_schema_extra={"title_zh": "取整", "description_zh": "人口与统计数按最大余数法取整，合计不变。"},
    )
    geometry: bool = Field(
        False,
        title="With geometry",
        description="Relations as GeoJSON features with their common ground, in place of the table.",
        json_schema_extra={"title_zh": "附带图形", "description_zh": "以 GeoJSON 要素给出各关系的公共范围，代替表格。"},
    )
