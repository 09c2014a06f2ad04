"""A process as a function that says what it takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from wangge_client.progress import Progress
from wangge_client.tables import Answer


class ProcessFunction:
    """A process: call it with its inputs as arguments; ``help()`` and a notebook's Shift-Tab say which there are.

    Attributes
    ----------
    described : mapping
        The description, as the service gives it in the language of the `City`.
    """

    def __init__(self, run: Callable[..., Answer], described: Mapping[str, Any]) -> None:
        self._run = run
        self.described = described
        self.__name__ = described["id"].replace("-", "_")
        lines = [f"{name} : {entry['title']}. {entry['description']}" for name, entry in described["inputs"].items()]
        self.__doc__ = "\n".join([described["description"], "", *lines])
        self.__signature__ = _signature(described["inputs"])

    def __call__(self, *, progress: bool | Progress = False, **inputs: Any) -> Answer:
        """Run it and wait: `City.run`."""
        return self._run(self.described["id"], progress=progress, **inputs)

    def __repr__(self) -> str:
        return f"{self.__name__}{self.__signature__}"


def _signature(inputs: Mapping[str, Any]) -> inspect.Signature:
    named = inspect.Parameter.KEYWORD_ONLY
    found = [
        inspect.Parameter(
            name, named, default=inspect.Parameter.empty if entry["minOccurs"] else entry["schema"].get("default")
        )
        for name, entry in inputs.items()
    ]
    return inspect.Signature([*found, inspect.Parameter("progress", named, default=False)], return_annotation=Answer)
