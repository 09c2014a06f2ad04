"""Process release-heat: the counts of closed months and years, told to the public where nobody is given away."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from pydantic import Field

from layers.database.database import bound
from layers.heat.public import publishing
from layers.heat.release import release_counts
from layers.text import Text
from processes.base import Parameters, Process


class ReleaseHeatParameters(Parameters):
    """Inputs of release-heat."""

    through: str | None = Field(
        None,
        pattern="^[0-9]{4}-(0[1-9]|1[0-2])$",
        title="Last month",
        description="Last month to close, as 2025-06; all that are closed by now when not given.",
        json_schema_extra={
            "title_zh": "截至月份",
            "description_zh": "发布到哪个月，如 2025-06；缺省为所有已结束的月份。",
        },
    )
    revise: bool = Field(
        False,
        title="Revise",
        description="Also tell what months released before have more by now, as after loading older cases.",
        json_schema_extra={
            "title_zh": "补充发布",
            "description_zh": "同时发布已发布月份新增的事件，如补录历史数据之后。",
        },
    )


class ReleaseHeat(Process):
    """The public map of cases brought up to the last closed month."""

    id: ClassVar[str] = "release-heat"
    title: ClassVar[Text] = Text("发布事件热力", "Release case heat")
    description: ClassVar[Text] = Text(
        "向公众发布已结束月份与年份的事件计数；过小的计数及可据以推算的计数一并隐藏，经线性规划攻击检验后方可发布。"
        "发布后不再变动。每月自动执行。",
        "Tells the public the counts of closed months and years. Small ones are hidden with whatever they could be "
        "worked out from, and nothing is told before an attack by linear programming finds none of them. What was "
        "released stays as it is. Runs by itself each month.",
    )
    parameters: ClassVar[type[Parameters]] = ReleaseHeatParameters
    result: ClassVar[Text] = Text("发布内容与比例", "What was released, and the share that is shown")
    example: ClassVar[dict[str, Any]] = {"through": "2025-12"}
    least_role: ClassVar[str] = "admin"

    def run(self, parameters: ReleaseHeatParameters) -> dict[str, Any]:
        """The release with the shares of each view; ``release`` is null when there is nothing new."""
        through = date.fromisoformat(f"{parameters.through}-01") if parameters.through else None
        with bound().transaction() as cur:
            made = release_counts(cur, publishing(), through=through, revise=parameters.revise)
        if made is None:
            return {"release": None, "through": None, "views": []}
        views = [
            {
                "resolution": shown.view.resolution,
                "period": "year" if shown.view.by_year else "month",
                "class": shown.view.by_class,
                "cells": shown.cells,
                "cells_shown": shown.cells_shown,
                "cases": shown.cases,
                "cases_shown": shown.cases_shown,
            }
            for shown in made.shown
        ]
        return {"release": made.number, "through": f"{made.through:%Y-%m}", "views": views}
