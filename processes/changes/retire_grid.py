"""Process retire-grid: a grid ends, and a neighbour takes over its ground, in a change set."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from layers.catalogue.changes import GRID_EDITS
from layers.changes.drafting import drafting
from layers.changes.reshaping import retire
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process
from processes.changes.draft_inputs import drafted, feature, grid_id, into_set, preview_only


class RetireGridParameters(Parameters):
    """Inputs of retire-grid."""

    grid: str = grid_id()
    heir: str | None = Field(
        None,
        title="Heir",
        description="Grid that takes over its ground and people; the neighbour in the village with most of the border "
        "when not given. A dedicated grid that lies on others needs none.",
        json_schema_extra={
            "title_zh": "承接网格",
            "description_zh": "接收其地面与人口的网格；缺省为同村中公共边界最长的邻格。"
            "叠加在其他网格上的专属网格不需要。",
        },
    )
    change_set: int | None = into_set()
    dry_run: bool = preview_only()


class RetireGrid(Process):
    """Ends a grid in a change set."""

    id: ClassVar[str] = "retire-grid"
    title: ClassVar[Text] = Text("撤销网格", "Retire a grid")
    description: ClassVar[Text] = Text(
        "撤销网格，地面与人口由邻格承接，写入变更集，发布后生效；编码停用后不再使用。",
        "Ends a grid in a change set that takes effect when it is published; a neighbour takes over its ground and "
        "people. Its code is not used again.",
    )
    parameters: ClassVar[type[Parameters]] = RetireGridParameters
    result: ClassVar[Text] = Text("承接网格与检查结果", "The heir and findings")
    example: ClassVar[dict[str, Any]] = {"grid": "321283100202001", "dry_run": True}
    least_role: ClassVar[str] = GRID_EDITS.writers or "admin"
    changing: ClassVar[bool] = True

    def run(self, parameters: RetireGridParameters) -> dict[str, Any]:
        """The grid that ends, and its heir."""
        with drafting(bound(), parameters.change_set, dry_run=parameters.dry_run) as draft:
            grid = draft.grid(parameters.grid)
            heir, merged = retire(draft, grid, parameters.heir)
        features = [feature(grid.id, grid.geometry, role="retired", name=grid.values["name"])]
        if heir is not None and merged is not None:
            features.append(
                feature(heir.id, merged.geometry, role="heir", name=heir.values["name"], area_m2=merged.area_m2)
            )
        return drafted(draft, features, parameters.dry_run, grid=grid.id, heir=None if heir is None else heir.id)
