"""What processes about one subscription take."""

from __future__ import annotations

from pydantic import Field

from processes.base import Parameters


class OneSubscription(Parameters):
    """The number of a subscription."""

    subscription: int = Field(
        ge=1,
        title="Subscription",
        description="Number of the subscription, as the process subscriptions lists it.",
        json_schema_extra={"title_zh": "订阅编号", "description_zh": "订阅的编号，见 subscriptions。"},
    )
