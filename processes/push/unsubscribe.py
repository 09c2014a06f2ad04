"""Process unsubscribe: somebody is told nothing more."""

from __future__ import annotations

from typing import Any, ClassVar

from layers.database.database import bound
from layers.push.subscriptions import remove_subscription
from layers.text import Text
from processes.base import Parameters, Process
from processes.push.one_subscription import OneSubscription


class Unsubscribe(Process):
    """The end of a subscription."""

    id: ClassVar[str] = "unsubscribe"
    title: ClassVar[Text] = Text("退订变化", "End a subscription")
    description: ClassVar[Text] = Text(
        "停止向一个订阅推送，未送出的不再推送。",
        "Sends nothing more to a subscription, and forgets what was still to be sent.",
    )
    parameters: ClassVar[type[Parameters]] = OneSubscription
    result: ClassVar[Text] = Text("已退订的编号", "Number of the subscription that ended")
    example: ClassVar[dict[str, Any]] = {"subscription": 1}
    least_role: ClassVar[str] = "admin"
    changing: ClassVar[bool] = True

    def run(self, parameters: OneSubscription) -> dict[str, Any]:
        """The number that was given."""
        with bound().transaction() as cur:
            remove_subscription(cur, parameters.subscription)
        return {"subscription": parameters.subscription}
