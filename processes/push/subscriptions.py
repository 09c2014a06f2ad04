"""Process subscriptions: who is told, and how that goes."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime
from typing import Any, ClassVar

from layers.database.database import bound
from layers.push.subscriptions import DeadEvent, Subscription, list_dead, list_subscriptions
from layers.text import Text
from processes.base import Parameters, Process


class NoParameters(Parameters):
    """Inputs of subscriptions: none."""


class Subscriptions(Process):
    """All subscriptions and how they fare."""

    id: ClassVar[str] = "subscriptions"
    title: ClassVar[Text] = Text("订阅列表", "List subscriptions")
    description: ClassVar[Text] = Text(
        "列出全部订阅：待推送与已放弃的条数、最近的失败原因，以及已放弃的消息。",
        "Lists all subscriptions with what is still to be sent, why a target fails, and what was given up.",
    )
    parameters: ClassVar[type[Parameters]] = NoParameters
    result: ClassVar[Text] = Text("订阅与已放弃的消息", "Subscriptions, each with the events that were given up")
    example: ClassVar[dict[str, Any]] = {}
    least_role: ClassVar[str] = "admin"

    def run(self, parameters: NoParameters) -> dict[str, Any]:
        """Each subscription with its counts and the oldest of what was given up; never its secret."""
        with bound().transaction() as cur:
            found = list_subscriptions(cur)
            dead = {one.id: list_dead(cur, one.id) for one in found if one.dead}
        return {
            "subscriptions": [
                {**_plain(one), "given_up": [_plain(event) for event in dead.get(one.id, [])]} for one in found
            ]
        }


def _plain(record: Subscription | DeadEvent) -> dict[str, Any]:
    """A record as JSON; the password of a broker's address is not shown again."""
    found = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(record).items()
    }
    if "uri" in found:
        found["uri"] = re.sub(r"(?<=://)[^/@]*@", "", found["uri"])
    return found
