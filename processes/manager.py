"""Runs a process within the request that asks for it."""

from __future__ import annotations

import uuid
from typing import Any

from pygeoapi.process.manager.base import BaseManager
from pygeoapi.util import JobStatus, RequestedProcessExecutionMode


class RequestManager(BaseManager):
    """A manager without jobs: errors go on to the app, which says them in the reader's language."""

    def get_jobs(self, status: Any = None, limit: int | None = None, offset: int | None = None) -> dict[str, Any]:
        """No job outlives its request, so there is none to list."""
        return {"jobs": [], "numberMatched": 0}

    def execute_process(  # type: ignore[override]  # pygeoapi returns five values and declares four
        self,
        process_id: str,
        data_dict: dict[str, Any],
        execution_mode: Any = None,
        requested_outputs: Any = None,
        subscriber: Any = None,
        requested_response: Any = "raw",
    ) -> tuple[str, str, Any, JobStatus, dict[str, str] | None]:
        """Run a process to its end.

        Returns
        -------
        tuple
            Job id, media type, result, status and further headers, as pygeoapi takes them.
        """
        headers = None
        if execution_mode is not None:
            headers = {"Preference-Applied": RequestedProcessExecutionMode.wait.value}
        media_type, result = self.get_processor(process_id).execute(data_dict, outputs=requested_outputs)
        if requested_response == "document":
            result = {"result": result}
        return str(uuid.uuid4()), media_type, result, JobStatus.successful, headers
