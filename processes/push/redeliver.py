"""Process redeliver: what was given up is sent again."""

from __future__ import annotations

from typing import Any, ClassVar

from layers.database.database import bound
from layers.push.subscriptions import revive
from layers.text import Text
from processes.base import Parameters, Process
from processes.push.one_subscription import OneSubscription


class Redeliver(Process):
    """What was given up is sent again."""

    id: ClassVar[str] = "redeliver"
    title: ClassVar[Text] = Text("重新推送", "Send again what was given up")
    description: ClassVar[Text] = Text(
        "把一个订阅中已放弃的消息重新排入推送。",
        "Puts what was given up of a subscription back among what is to be sent.",
    )
    parameters: ClassVar[type[Parameters]] = OneSubscription
    result: ClassVar[Text] = Text("重新排入的条数", "How many events are sent again")
    example: ClassVar[dict[str, Any]] = {"subscription": 1}
    least_role: ClassVar[str] = "admin"
    changing: ClassVar[bool] = True

    def run(self, parameters: OneSubscription) -> dict[str, Any]:
        """How many events are sent again; receivers tell by ``sequence`` that newer ones came before."""
        with bound().transaction() as cur:
            count = revive(cur, parameters.subscription)
        return {"subscription": parameters.subscription, "events": count}
