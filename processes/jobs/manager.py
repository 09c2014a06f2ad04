"""What pygeoapi calls to run a process: within the request, or as a job that a worker takes from the queue."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from contextvars import ContextVar
from typing import Any, cast

from pygeoapi.process.manager.base import BaseManager
from pygeoapi.util import JobStatus, RequestedProcessExecutionMode

from geo.errors import InvalidInput
from layers.jobs.jobs import bound_jobs
from processes.answers import in_form
from processes.base import Process
from processes.jobs.callback import check_address

asking_language: ContextVar[str] = ContextVar("wangge_asking_language", default="zh")
"""Language of the request, for what a job tells its subscriber: pygeoapi hands over none."""

PROCESS = "process:"
"""What stands before a process's id in the configuration's resources."""

_URIS = ("success_uri", "successUri"), ("in_progress_uri", "inProgressUri"), ("failed_uri", "failedUri")


class QueueManager(BaseManager):
    """A manager that never starts a thread; errors go on to the app, which says them in the reader's language."""

    def __init__(self, manager_def: dict[str, Any]) -> None:
        super().__init__(manager_def)
        self.processes = OrderedDict((id_.removeprefix(PROCESS), entry) for id_, entry in self.processes.items())
        self.is_async = True
        self.supports_subscribing = True

    def execute_process(  # type: ignore[override]  # pygeoapi returns five values and declares four
        self,
        process_id: str,
        data_dict: dict[str, Any],
        execution_mode: Any = None,
        requested_outputs: Any = None,
        subscriber: Any = None,
        requested_response: Any = "raw",
    ) -> tuple[str, str, Any, JobStatus, dict[str, str] | None]:
        """Run a process to its end, or put it into the queue.

        Returns
        -------
        tuple
            Job id, media type, result, status and further headers, as pygeoapi takes them.

        Raises
        ------
        InvalidInput
            For wrong inputs: before a job is made of them, since nobody looks at a job at once.
        """
        process = cast(Process, self.get_processor(process_id))
        if execution_mode == RequestedProcessExecutionMode.respond_async:
            process.accept(data_dict)
            id_ = bound_jobs().accept(
                process_id, data_dict, str(requested_response), asking_language.get(), _addresses(subscriber)
            )
            applied = {"Preference-Applied": RequestedProcessExecutionMode.respond_async.value}
            return id_, "application/json", None, JobStatus.accepted, applied
        if subscriber is not None:
            raise InvalidInput("job.subscriber-sync")
        media_type, result = process.execute(data_dict, outputs=requested_outputs)
        headers = {"Preference-Applied": RequestedProcessExecutionMode.wait.value} if execution_mode else None
        return str(uuid.uuid4()), media_type, in_form(result, requested_response), JobStatus.successful, headers


def _addresses(subscriber: Any) -> dict[str, str] | None:
    """Addresses of a subscriber by their names in OGC API - Processes, each of which could be told something."""
    if subscriber is None:
        return None
    found = {name: getattr(subscriber, attribute) for attribute, name in _URIS if getattr(subscriber, attribute)}
    for name, uri in found.items():
        check_address(uri, name, bound_jobs().limits.networks)
    return found
