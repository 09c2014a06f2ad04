"""Process list-change-sets: who changes what, and who published what and when."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar, Literal

from pydantic import Field

from layers.catalogue.changes import GRID_EDITS
from layers.changes.change_sets import STATES, list_change_sets
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process


class ListChangeSetsParameters(Parameters):
    """Inputs of list-change-sets."""

    state: Literal["open", "published", "abandoned"] | None = Field(
        None,
        title="State",
        description="Only sets of this state.",
        json_schema_extra={"title_zh": "状态", "description_zh": "只列出此状态的变更集。"},
    )
    limit: int = Field(
        100,
        ge=1,
        le=1000,
        title="Limit",
        description="How many at the most, the newest first.",
        json_schema_extra={"title_zh": "数量", "description_zh": "最多列出的数量，最新的在前。"},
    )


class ListChangeSets(Process):
    """Lists change sets and publications."""

    id: ClassVar[str] = "list-change-sets"
    title: ClassVar[Text] = Text("变更集与发布历史", "Change sets and publications")
    description: ClassVar[Text] = Text(
        "列出变更集：标题、作者、状态、修改数量、错误数，以及由谁何时发布、是否撤回其他发布。",
        "Change sets with title, author, state, number of edits and errors; who published them and when, and which "
        "publication they take back.",
    )
    parameters: ClassVar[type[Parameters]] = ListChangeSetsParameters
    result: ClassVar[Text] = Text("变更集", "Change sets")
    example: ClassVar[dict[str, Any]] = {"state": "open"}
    least_role: ClassVar[str] = GRID_EDITS.writers or "admin"

    def run(self, parameters: ListChangeSetsParameters) -> dict[str, Any]:
        """The sets, the newest first."""
        states = STATES if parameters.state is None else (parameters.state,)
        found = list_change_sets(bound(), states, parameters.limit)
        return {"change_sets": [{name: _plain(value) for name, value in asdict(one).items()} for one in found]}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
