"""Process open-change-set: a new set that its editor writes to from now on."""

from __future__ import annotations

from typing import Any, ClassVar

from layers.catalogue.changes import GRID_EDITS
from layers.changes.change_sets import open_change_set
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process
from processes.changes.parameters import set_title


class OpenChangeSetParameters(Parameters):
    """Inputs of open-change-set."""

    title: str = set_title()


class OpenChangeSet(Process):
    """Opens a change set."""

    id: ClassVar[str] = "open-change-set"
    title: ClassVar[Text] = Text("新建变更集", "Open a change set")
    description: ClassVar[Text] = Text(
        "新建变更集并设为当前：此后 QGIS 等客户端的编辑写入其中；原先的变更集保持打开。",
        "Opens a change set and makes it the current one: what QGIS writes goes to it from now on; the set before it "
        "stays open.",
    )
    parameters: ClassVar[type[Parameters]] = OpenChangeSetParameters
    result: ClassVar[Text] = Text("变更集编号", "Number of the change set")
    example: ClassVar[dict[str, Any]] = {"title": "三月并村"}
    least_role: ClassVar[str] = GRID_EDITS.writers or "admin"
    changing: ClassVar[bool] = True

    def run(self, parameters: OpenChangeSetParameters) -> dict[str, Any]:
        """The set's number."""
        return {"change_set": open_change_set(bound(), parameters.title)}
