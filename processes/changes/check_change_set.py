"""Process check-change-set: all edits of a set checked among their neighbours, without publishing them."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

from layers.catalogue.changes import GRID_EDITS
from layers.changes.change_sets import check_set
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process
from processes.changes.parameters import change_set_number


class CheckChangeSetParameters(Parameters):
    """Inputs of check-change-set."""

    change_set: int = change_set_number()


class CheckChangeSet(Process):
    """Checks the edits of a change set again."""

    id: ClassVar[str] = "check-change-set"
    title: ClassVar[Text] = Text("检查变更集", "Check a change set")
    description: ClassVar[Text] = Text(
        "检查变更集的全部编辑及其周边，并更新检查结果图层；在数据库中直接编辑后自动排队执行。",
        "Checks all edits of a change set among their neighbours, and makes the layer of findings say so; it is queued "
        "by itself after edits in the database.",
    )
    parameters: ClassVar[type[Parameters]] = CheckChangeSetParameters
    result: ClassVar[Text] = Text("各类检查结果的数量", "How many findings of each severity there are")
    example: ClassVar[dict[str, Any]] = {"change_set": 1}
    least_role: ClassVar[str] = GRID_EDITS.writers or "admin"
    changing: ClassVar[bool] = True

    def run(self, parameters: CheckChangeSetParameters) -> dict[str, Any]:
        """Numbers only: whoever knows the id of a queued job may read its result."""
        found = Counter(finding.severity for finding in check_set(bound(), parameters.change_set))
        counts = {severity: found[severity] for severity in ("error", "warning", "note")}
        return {"change_set": parameters.change_set, **counts}
