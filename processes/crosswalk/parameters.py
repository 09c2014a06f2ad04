"""What the process crosswalk takes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from geo.crosswalk.relations import Thresholds
from processes.crosswalk.sources import SourceParameters


class CrosswalkParameters(SourceParameters):
    """Inputs of crosswalk."""

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
    store: bool = Field(
        False,
        title="Store",
        description="Keep the relations in the layer crosswalk instead of those of the same departments (editors).",
        json_schema_extra={
            "title_zh": "保存",
            "description_zh": "将关系存入 crosswalk 图层，替换相同部门原有的关系（编辑人员）。",
        },
    )
