"""Process recode-division: a table of old and new divisions becomes a change set with new codes for its grids."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from geo.changes.recode import NewDivision
from layers.catalogue.changes import GRID_EDITS
from layers.changes.drafting import drafting
from layers.changes.recoding import propose_recoding, write_recoding
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process
from processes.changes.draft_inputs import drafted, feature, into_set, preview_only


class DivisionRow(BaseModel):
    """One village of the table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    old: str = Field(..., title="Old code", json_schema_extra={"title_zh": "原编码"})
    new: str | None = Field(None, title="New code", json_schema_extra={"title_zh": "新编码"})
    township: str | None = Field(None, title="New township", json_schema_extra={"title_zh": "新乡镇（街道）代码"})


class RecodeDivisionParameters(Parameters):
    """Inputs of recode-division."""

    divisions: list[DivisionRow] = Field(
        ...,
        min_length=1,
        max_length=5000,
        title="Divisions",
        description="A row a village: old (12 digits), and new (12 digits) or, where that is not known yet, township "
        "(9 digits); then a code is made up that keeps the village's three digits where they are free.",
        json_schema_extra={
            "title_zh": "区划对照表",
            "description_zh": "每村一行：old 为原 12 位编码，new 为新编码；新编码未定时给出 township（9 位），"
            "系统暂编，后三位空闲则沿用。",
        },
    )
    change_set: int | None = into_set()
    dry_run: bool = preview_only()


class RecodeDivision(Process):
    """Moves grids to villages with other codes, in a change set."""

    id: ClassVar[str] = "recode-division"
    title: ClassVar[Text] = Text("区划调整换码", "Recode divisions")
    description: ClassVar[Text] = Text(
        "按新旧区划对照表，为涉及的全部网格生成新编码与沿革，写入变更集；新区划入库后方可发布。答复附有可直接载入的新区划图层。",
        "Gives all grids of a table of old and new divisions their new codes and lineage, in a change set that can be "
        "published once the new divisions are loaded; the answer has them as features.",
    )
    parameters: ClassVar[type[Parameters]] = RecodeDivisionParameters
    result: ClassVar[Text] = Text("编码对照、新区划与检查结果", "Old and new codes, the new divisions, and findings")
    example: ClassVar[dict[str, Any]] = {
        "divisions": [{"old": "321283123233", "township": "321283001"}],
        "dry_run": True,
    }
    least_role: ClassVar[str] = GRID_EDITS.writers or "admin"
    changing: ClassVar[bool] = True

    def run(self, parameters: RecodeDivisionParameters) -> dict[str, Any]:
        """New codes of villages and grids."""
        table = [NewDivision(row.old, row.new, row.township) for row in parameters.divisions]
        with drafting(bound(), parameters.change_set, dry_run=parameters.dry_run) as draft:
            plan = propose_recoding(draft, table)
            write_recoding(draft, plan)
        features = [
            feature(code, shape, role="division", code=code, name=plan.names[code], level="village",
                    parent_code=code[:9], old=plan.olds[code], issued=code in plan.recoding.issued,
                    known=code in plan.known)
            for code, shape in plan.shapes.items()
        ]  # fmt: skip
        return drafted(
            draft,
            features,
            parameters.dry_run,
            villages=plan.recoding.villages,
            issued=plan.recoding.issued,
            missing=sorted(set(plan.shapes) - plan.known),
            codes=[{"before": old, "after": new, "operation": "transfer"} for old, new in plan.codes.items()],
        )
