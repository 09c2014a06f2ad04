"""Process reverse-publication: a new set that takes a publication back."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from layers.catalogue.changes import GRID_EDITS
from layers.changes.change_sets import reverse
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process
from processes.changes.parameters import set_title


class ReversePublicationParameters(Parameters):
    """Inputs of reverse-publication."""

    publication: int = Field(
        ...,
        ge=1,
        le=2**31 - 1,
        title="Publication",
        description="Number of the publication, as list-change-sets shows it.",
        json_schema_extra={"title_zh": "发布编号", "description_zh": "发布编号，见 list-change-sets。"},
    )
    title: str = set_title("撤回 / taken back")


class ReversePublication(Process):
    """Opens a change set with the grids as they were before a publication."""

    id: ClassVar[str] = "reverse-publication"
    title: ClassVar[Text] = Text("撤回发布", "Take a publication back")
    description: ClassVar[Text] = Text(
        "新建变更集，把某次发布涉及的网格恢复为发布前的样子；发布它即完成撤回。已停用的编码不再使用，恢复的网格取得新编码。",
        "Opens a change set with the grids of a publication as they were before it; to publish that set takes it back. "
        "Codes that ended are not used again, so grids that come back have new ones.",
    )
    parameters: ClassVar[type[Parameters]] = ReversePublicationParameters
    result: ClassVar[Text] = Text("变更集编号", "Number of the change set")
    example: ClassVar[dict[str, Any]] = {"publication": 1}
    least_role: ClassVar[str] = GRID_EDITS.writers or "admin"
    changing: ClassVar[bool] = True

    def run(self, parameters: ReversePublicationParameters) -> dict[str, Any]:
        """The new set's number."""
        return {"change_set": reverse(bound(), parameters.publication, parameters.title)}
