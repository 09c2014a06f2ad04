"""Process recode-division: a table of old and new divisions becomes a change set with new codes for its grids."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

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
    name: str | None = Field(None, title="New name", json_schema_extra={"title_zh": "新名称"})

    @field_validator("new", "township", "name")
    @classmethod
    def _filled(cls, value: str | None) -> str | None:
        """An empty cell of a table says nothing."""
        return (value or "").strip() or None


class TownshipRow(BaseModel):
    """A township that is new, or is called something else from then on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(..., pattern="^[0-9]{9}$", title="Code", json_schema_extra={"title_zh": "编码"})
    name: str = Field(..., min_length=1, title="Name", json_schema_extra={"title_zh": "名称"})


class RecodeDivisionParameters(Parameters):
    """Inputs of recode-division."""

    divisions: list[DivisionRow] = Field(
        default_factory=list,
        max_length=5000,
        title="Divisions",
        description="A row a village: old (12 digits), and new (12 digits) or, where that is not known yet, township "
        "(9 digits); then a code is made up that keeps the village's three digits where they are free. A village that "
        "only gets another name has old and name.",
        json_schema_extra={
            "title_zh": "区划对照表",
            "description_zh": "每村一行：old 为原 12 位编码，new 为新编码；新编码未定时给出 township（9 位），"
            "系统暂编，后三位空闲则沿用；仅更名时给出 old 与 name。",
        },
    )
    townships: list[TownshipRow] = Field(
        default_factory=list,
        max_length=500,
        title="Townships",
        description="Names of townships that are new, or are called something else from then on.",
        json_schema_extra={"title_zh": "镇街", "description_zh": "新设或更名的镇街及其名称。"},
    )
    change_set: int | None = into_set()
    dry_run: bool = preview_only()


class RecodeDivision(Process):
    """Moves grids to villages with other codes, in a change set."""

    id: ClassVar[str] = "recode-division"
    title: ClassVar[Text] = Text("区划调整换码", "Recode divisions")
    description: ClassVar[Text] = Text(
        "按新旧区划对照表，将村居、镇街的合并、划转与换码连同涉及的全部网格写入变更集；发布时区划与网格同日生效，旧区划到该日为止。",
        "Writes a table of old and new divisions into a change set: villages and townships as they are to be, and all "
        "their grids. Publishing it ends the old divisions on the day on which the new ones and the new codes begin.",
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
        table = [NewDivision(row.old, row.new, row.township, row.name) for row in parameters.divisions]
        names = {row.code: row.name for row in parameters.townships}
        with drafting(bound(), parameters.change_set, dry_run=parameters.dry_run) as draft:
            plan = propose_recoding(draft, table, names)
            write_recoding(draft, plan)
        features = [
            feature(one.code, one.geometry, role="division", code=one.code, name=one.name, level=one.level,
                    parent_code=one.parent_code, population=one.population, old=plan.olds.get(one.code, []),
                    issued=one.code in plan.recoding.issued)
            for one in plan.put
        ]  # fmt: skip
        return drafted(
            draft,
            features,
            parameters.dry_run,
            villages=plan.recoding.villages,
            issued=plan.recoding.issued,
            ended=plan.end,
            codes=[{"before": old, "after": new, "operation": "transfer"} for old, new in plan.codes.items()],
        )
