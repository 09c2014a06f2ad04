"""Process decide-finding: accept what a check found, with a reason, or open it again."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from layers.checking.decisions import LEAST_ROLE, decide_finding
from layers.database.database import bound
from layers.text import Text
from processes.base import Parameters, Process


class DecideFindingParameters(Parameters):
    """Inputs of decide-finding."""

    id: str = Field(
        title="Finding",
        description="Id of a finding in the layer findings.",
        json_schema_extra={"title_zh": "检查结果", "description_zh": "检查结果图层（findings）中的标识。"},
    )
    decision: Literal["accept", "reopen"] = Field(
        "accept",
        title="Decision",
        description="Accept an open finding: it is told from then on but stops nothing. Or reopen an accepted one.",
        json_schema_extra={
            "title_zh": "处理",
            "description_zh": "accept 接受：仍会列出，但不再视为错误；reopen 撤销接受，恢复为待处理。",
        },
    )
    reason: str = Field(
        "",
        max_length=500,
        title="Reason",
        description="Why it is accepted, for those who read it later. No name of a person.",
        json_schema_extra={"title_zh": "理由", "description_zh": "接受的理由，供日后查阅；请勿写人名。"},
    )


class DecideFinding(Process):
    """A finding accepted or opened again; noted are the reason, the name of the key and the time."""

    id: ClassVar[str] = "decide-finding"
    title: ClassVar[Text] = Text("处理检查结果", "Decide on a finding")
    description: ClassVar[Text] = Text(
        "接受一条检查结果（须说明理由），或撤销接受；记录理由、密钥名称与时间。面积增长超过一成时自动恢复为待处理。",
        "Accepts a finding, which takes a reason, or opens it again; the reason, the name of the key and the time are "
        "noted. One that grows by more than a tenth opens by itself.",
    )
    parameters: ClassVar[type[Parameters]] = DecideFindingParameters
    result: ClassVar[Text] = Text("检查结果的状态", "State of the finding")
    example: ClassVar[dict[str, Any]] = {
        "id": "grids-0123456789abcdef",
        "decision": "accept",
        "reason": "河道未纳入网格",
    }
    least_role: ClassVar[str] = LEAST_ROLE

    def run(self, parameters: DecideFindingParameters) -> dict[str, Any]:
        """The finding's id with its state, and what was noted."""
        with bound().transaction() as cur:
            return decide_finding(cur, parameters.id, parameters.decision, parameters.reason)
