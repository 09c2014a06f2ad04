"""Process completeness: how complete the gathered data are, by aspect, layer and township."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from geo.errors import Forbidden, NeedsKey
from layers.database.database import bound
from layers.identity import current
from layers.records.measure import measure_records
from layers.records.summary import completeness_summary
from layers.text import Text
from processes.base import Parameters, Process


class CompletenessParameters(Parameters):
    """Inputs of completeness."""

    measure: bool = Field(
        False,
        title="Measure anew",
        description="Count all layers and deliveries again and keep the figures; for administrators.",
        json_schema_extra={"title_zh": "重新测算", "description_zh": "重新统计并保存全部数字；仅限管理员。"},
    )


class Completeness(Process):
    """How complete the gathered data are."""

    id: ClassVar[str] = "completeness"
    title: ClassVar[Text] = Text("数据汇集完善率", "Completeness of data")
    description: ClassVar[Text] = Text(
        "按数据方面、图层和镇街给出数据汇集完善率，即必填项填写率、更新及时率与几何有效率的平均；"
        "无人汇集的数据项为 0；镇街数字仅供内部使用。",
        "Tells how complete the data are by aspect, layer and township: the mean of required fields filled, freshness "
        "and valid geometry; an item that nobody delivered is 0. Figures of townships are for staff.",
    )
    parameters: ClassVar[type[Parameters]] = CompletenessParameters
    result: ClassVar[Text] = Text("完善率（%）", "Completeness in percent")
    example: ClassVar[dict[str, Any]] = {}

    def run(self, parameters: CompletenessParameters) -> dict[str, Any]:
        """The figures as they are kept, measured anew where that was asked for."""
        database = bound()
        if parameters.measure:
            identity = current()
            if not identity.reaches("admin"):
                refusal = NeedsKey if identity.role == "public" else Forbidden
                raise refusal("records.role", role="admin")
            with database.transaction() as cur:
                measure_records(cur)
        return completeness_summary(database)
