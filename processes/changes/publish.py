"""Process publish: a change set checked, coded and committed whole, or answered with findings."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from layers.catalogue.changes import GRID_EDITS
from layers.changes.publish import KEEP_SHARE, publish
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process
from processes.changes.parameters import change_set_number
from processes.changes.publication_answer import publication_answer


class PublishParameters(Parameters):
    """Inputs of publish."""

    change_set: int = change_set_number()
    keep_share: float = Field(
        KEEP_SHARE,
        gt=0.5,
        le=1,
        title="Share that keeps a code",
        description="A grid keeps its code when at least this share of its ground stays, of what it was and of what "
        "it is.",
        json_schema_extra={
            "title_zh": "保留编码的占比",
            "description_zh": "变更前后重合面积占原网格与新网格的比例均不低于此值时，编码不变。",
        },
    )
    dry_run: bool = Field(
        False,
        title="Dry run",
        description="Only say what would stand against it and which borders would be moved.",
        json_schema_extra={"title_zh": "试运行", "description_zh": "只给出检查结果与将移动的边界，不发布。"},
    )


class Publish(Process):
    """Makes a change set the map of today."""

    id: ClassVar[str] = "publish"
    title: ClassVar[Text] = Text("发布变更集", "Publish a change set")
    description: ClassVar[Text] = Text(
        "检查变更集修改处及其周边，在容差内对齐公共边界，编码并按面积推算沿革，一次性提交；有错误时不发布，返回检查结果。"
        "编辑人员发布自己的变更集，管理员可发布任何人的。",
        "Checks a change set where it changes the city, lays borders onto their neighbours' within the tolerance, "
        "assigns codes, derives the lineage from areas and commits all of it at once, or answers with what stands "
        "against it. Editors publish their own sets, administrators anybody's.",
    )
    parameters: ClassVar[type[Parameters]] = PublishParameters
    result: ClassVar[Text] = Text("发布结果、编码、沿革与检查结果", "Codes, lineage and findings")
    example: ClassVar[dict[str, Any]] = {"change_set": 1, "dry_run": True}
    least_role: ClassVar[str] = GRID_EDITS.writers or "admin"
    changing: ClassVar[bool] = True

    def run(self, parameters: PublishParameters) -> dict[str, Any]:
        """The publication, or what stands against it."""
        done = publish(
            bound(), parameters.change_set, keep_share=parameters.keep_share, dry_run=parameters.dry_run
        )
        return publication_answer(done)
