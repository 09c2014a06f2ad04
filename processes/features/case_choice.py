"""Which cases a process looks at."""

from __future__ import annotations

from pydantic import Field

from layers.situation.case_filter import CaseFilter
from processes.base import Parameters


class CaseChoice(Parameters):
    """Inputs of every process that looks at cases of some types and channels."""

    types: list[str] = Field(
        default_factory=list,
        title="Types of cases",
        description="Categories (matter), classes (matter-06) or types (matter-06020); all when empty.",
        json_schema_extra={
            "title_zh": "事件类型",
            "description_zh": "类别（matter）、大类（matter-06）或小类（matter-06020）；缺省为全部。",
        },
    )
    channels: list[str] = Field(
        default_factory=list,
        title="Channels",
        description="Channels that cases came by; all when empty.",
        json_schema_extra={"title_zh": "来源渠道", "description_zh": "事件来源渠道；缺省为全部。"},
    )

    @property
    def cases(self) -> CaseFilter:
        """The choice as a filter; InvalidInput for what is no type."""
        return CaseFilter(tuple(self.types), tuple(self.channels))
