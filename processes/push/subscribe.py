"""Process subscribe: somebody is told of changes from now on."""

from __future__ import annotations

import base64
import secrets
from ipaddress import ip_network
from typing import Any, ClassVar, Literal

from pydantic import Field

from layers.database.database import bound
from layers.push.broker_address import broker_address
from layers.push.subscriptions import TOLD_LAYERS, add_subscription
from layers.text import Text
from processes.base import Parameters, Process
from processes.jobs.callback import check_address

_SECRET_BYTES = 32
_EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))


class SubscribeParameters(Parameters):
    """Inputs of subscribe."""

    name: str = Field(
        min_length=1,
        max_length=200,
        title="Name",
        description="What the subscription is for, not a person's name.",
        json_schema_extra={"title_zh": "名称", "description_zh": "用途，不写人名。"},
    )
    kind: Literal["webhook", "mqtt"] = Field(
        title="Way",
        description="webhook: a signed POST for each event; mqtt: a message to a broker.",
        json_schema_extra={"title_zh": "方式", "description_zh": "webhook：逐条签名 POST；mqtt：发往消息代理。"},
    )
    uri: str = Field(
        max_length=2000,
        title="Address",
        description="https://… for a webhook, mqtt://host:port/topic or mqtts://… for a broker.",
        json_schema_extra={
            "title_zh": "地址",
            "description_zh": "webhook 为 https://…，消息代理为 mqtt://主机:端口/主题 或 mqtts://…。",
        },
    )
    layers: list[Literal["grids", "findings", "cases", "jobs"]] = Field(
        default=list(TOLD_LAYERS),
        min_length=1,
        title="Layers",
        description="Changes of which layers; all of them when not given.",
        json_schema_extra={"title_zh": "图层", "description_zh": "哪些图层的变化；缺省为全部。"},
    )
    township_code: str | None = Field(
        None,
        title="Township code",
        description="Changes of one township only.",
        json_schema_extra={"title_zh": "镇街编码", "description_zh": "只推送一个镇街的变化。"},
    )


class Subscribe(Process):
    """A new subscription; the secret of a webhook is shown this once."""

    id: ClassVar[str] = "subscribe"
    title: ClassVar[Text] = Text("订阅变化", "Subscribe to changes")
    description: ClassVar[Text] = Text(
        "网格、检查结果、事件与作业的变化以 CloudEvents 推送到网页回调或 MQTT：至少一次，同一要素按次序。",
        "Has changes of grids, findings, cases and jobs sent as CloudEvents to a webhook or an MQTT broker, "
        "at least once and in order for each feature.",
    )
    parameters: ClassVar[type[Parameters]] = SubscribeParameters
    result: ClassVar[Text] = Text("订阅编号与签名密钥", "Number of the subscription and the secret it signs with")
    example: ClassVar[dict[str, Any]] = {
        "name": "command centre", "kind": "mqtt", "uri": "mqtt://127.0.0.1:1883/wangge", "layers": ["cases"],
    }  # fmt: skip
    least_role: ClassVar[str] = "admin"
    changing: ClassVar[bool] = True

    def run(self, parameters: SubscribeParameters) -> dict[str, Any]:
        """The id, and for a webhook its secret as Standard Webhooks writes one."""
        secret = None
        if parameters.kind == "webhook":
            # which private networks are allowed is a setting of the service, and seen to when something is sent
            check_address(parameters.uri, "uri", _EVERYWHERE)
            secret = secrets.token_bytes(_SECRET_BYTES)
        else:
            broker_address(parameters.uri)
        with bound().transaction() as cur:
            id_ = add_subscription(
                cur, parameters.name, parameters.kind, parameters.uri, secret, parameters.layers,
                parameters.township_code,
            )  # fmt: skip
        shown = None if secret is None else f"whsec_{base64.b64encode(secret).decode()}"
        return {"subscription": id_, "secret": shown}
