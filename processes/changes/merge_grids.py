"""Process merge-grids: neighbouring grids made one, in a change set."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import shapely
from pydantic import Field

from geo.errors import InvalidInput
from layers.catalogue.changes import GRID_EDITS
from layers.changes.drafting import drafting
from layers.changes.reshaping import join
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process
from processes.changes.draft_inputs import drafted, feature, into_set, preview_only


class MergeGridsParameters(Parameters):
    """Inputs of merge-grids."""

    grids: list[str] = Field(
        ...,
        min_length=2,
        max_length=200,
        title="Grids",
        description="Codes of published grids, or ids of grids in the working copy; all of one kind and village.",
        json_schema_extra={
            "title_zh": "网格",
            "description_zh": "已发布网格的编码或工作副本中的标识；应同类、同村（社区）。",
        },
    )
    keep: str | None = Field(
        None,
        title="Keep",
        description="The one of them that goes on; the largest when not given.",
        json_schema_extra={"title_zh": "保留", "description_zh": "以其中哪个网格为主；缺省为面积最大者。"},
    )
    name: str | None = Field(
        None,
        max_length=200,
        title="Name",
        description="Name of the merged grid; that of the one that is kept when not given.",
        json_schema_extra={"title_zh": "名称", "description_zh": "合并后的名称；缺省沿用保留网格的名称。"},
    )
    multipart: bool = Field(
        False,
        title="May be apart",
        description="Allow grids that are no neighbours; the merged grid then has several parts.",
        json_schema_extra={"title_zh": "允许不相邻", "description_zh": "允许合并不相邻的网格，结果为多部件。"},
    )
    change_set: int | None = into_set()
    dry_run: bool = preview_only()


class MergeGrids(Process):
    """Merges grids in a change set."""

    id: ClassVar[str] = "merge-grids"
    title: ClassVar[Text] = Text("合并网格", "Merge grids")
    description: ClassVar[Text] = Text(
        "把相邻网格合并为一个，写入变更集，发布后生效；人口与人员数相加，其间窄缝并入，不留空洞。",
        "Makes neighbouring grids one in a change set that takes effect when it is published. People and teams are "
        "summed, slivers between them closed, and no hole is left.",
    )
    parameters: ClassVar[type[Parameters]] = MergeGridsParameters
    result: ClassVar[Text] = Text("合并后的网格与检查结果", "The merged grid and findings")
    example: ClassVar[dict[str, Any]] = {"grids": ["321283100202001", "321283100202002"], "dry_run": True}
    least_role: ClassVar[str] = GRID_EDITS.writers or "admin"
    changing: ClassVar[bool] = True

    def run(self, parameters: MergeGridsParameters) -> dict[str, Any]:
        """The merged grid."""
        ids = list(dict.fromkeys(parameters.grids))
        if parameters.keep is not None and parameters.keep not in ids:
            raise InvalidInput("merge.keep", keep=parameters.keep[:40], grids=", ".join(ids[:20]))
        with drafting(bound(), parameters.change_set, dry_run=parameters.dry_run) as draft:
            grids = [draft.grid(id_) for id_ in ids]
            areas = shapely.area(draft.plane.flat(np.array([grid.geometry for grid in grids], dtype=object)))
            largest = grids[int(np.argmax(areas))]
            keep = next((grid for grid in grids if grid.id == parameters.keep), largest)
            merged = join(draft, grids, keep, parameters.name, parameters.multipart)
            now = draft.grid(keep.id)
        one = feature(keep.id, now.geometry, role="merged", area_m2=merged.area_m2, **now.values)
        return drafted(draft, [one], parameters.dry_run, grids=ids, parts=merged.parts, closed_m2=merged.closed_m2)
