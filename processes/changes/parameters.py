"""Inputs that several processes on change sets share."""

from __future__ import annotations

from typing import Any

from pydantic import Field


def change_set_number() -> Any:
    """The set that is meant."""
    return Field(
        ...,
        ge=1,
        le=2**31 - 1,
        title="Change set",
        description="Number of the change set, as list-change-sets shows it.",
        json_schema_extra={"title_zh": "变更集", "description_zh": "变更集编号，见 list-change-sets。"},
    )


def set_title(default: str | None = None) -> Any:
    """What a new set is called."""
    return Field(
        ... if default is None else default,
        max_length=200,
        title="Title",
        description="What the set is for; not the name of a person.",
        json_schema_extra={"title_zh": "标题", "description_zh": "变更集用途，不写人名。"},
    )
