"""Process abandon-change-set: a set closed without being published, or some of its edits dropped."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from layers.catalogue.changes import GRID_EDITS
from layers.changes.change_sets import abandon
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process
from processes.changes.parameters import change_set_number


class AbandonChangeSetParameters(Parameters):
    """Inputs of abandon-change-set."""

    change_set: int = change_set_number()
    ids: list[str] | None = Field(
        None,
        title="Grids",
        description="Drop only the edits of these grids and leave the set open; all of it is closed when not given.",
        json_schema_extra={
            "title_zh": "网格",
            "description_zh": "只撤销这些网格的编辑，变更集保持打开；不填则放弃整个变更集。",
        },
    )


class AbandonChangeSet(Process):
    """Closes a change set without publishing it."""

    id: ClassVar[str] = "abandon-change-set"
    title: ClassVar[Text] = Text("放弃变更集", "Abandon a change set")
    description: ClassVar[Text] = Text(
        "不发布而关闭变更集，或只撤销其中部分网格的编辑。",
        "Closes a change set without publishing it, or drops the edits of some of its grids.",
    )
    parameters: ClassVar[type[Parameters]] = AbandonChangeSetParameters
    result: ClassVar[Text] = Text("撤销的编辑数", "How many edits were dropped")
    example: ClassVar[dict[str, Any]] = {"change_set": 1}
    least_role: ClassVar[str] = GRID_EDITS.writers or "admin"
    changing: ClassVar[bool] = True

    def run(self, parameters: AbandonChangeSetParameters) -> dict[str, Any]:
        """How many edits went."""
        dropped = abandon(bound(), parameters.change_set, parameters.ids)
        return {"change_set": parameters.change_set, "dropped": dropped}
