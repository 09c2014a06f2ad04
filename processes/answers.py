"""The result of a process as it leaves the service: the same bytes whether somebody waited for it or not."""

from __future__ import annotations

from typing import Any

import orjson


def as_json(content: Any) -> bytes:
    """JSON text with Chinese and angle brackets as they are."""
    return orjson.dumps(content, default=str, option=orjson.OPT_NON_STR_KEYS)


def in_form(result: Any, response: str) -> Any:
    """A result in the form that was asked for.

    Parameters
    ----------
    result : object
        Of the process.
    response : str
        ``document`` names the one output, ``raw`` is the output itself.
    """
    return {"result": result} if response == "document" else result
