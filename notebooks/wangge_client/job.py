"""Jobs: executions that go on in the service."""

from __future__ import annotations

import time
from typing import Any

from wangge_client.connection import Connection
from wangge_client.errors import Cancelled
from wangge_client.progress import Progress, teller
from wangge_client.tables import Answer

_ENDED = ("successful", "failed", "dismissed")


class Job:
    """An execution that goes on in the service.

    Attributes
    ----------
    id : str
        Its number: with it `City.job` finds the job again from elsewhere.
    """

    def __init__(self, connection: Connection, id_: str) -> None:
        self._connection = connection
        self.id = id_

    @property
    def state(self) -> dict[str, Any]:
        """Status, progress in percent and message, as the service says them now."""
        found: dict[str, Any] = self._connection.get(f"jobs/{self.id}")
        return found

    def wait(self, *, progress: bool | Progress = False, timeout_s: float | None = None) -> Answer:
        """Its result, once it has ended. Whoever interrupts the waiting cancels the job.

        Parameters
        ----------
        progress : bool or callable
            True writes a line to the terminal or notebook; a callable is told the percent.
        timeout_s : float, optional
            How long to wait at the most; the job goes on.

        Raises
        ------
        ServiceError
            What made the job fail.
        Cancelled
            When it was cancelled.
        TimeoutError
            When it has not ended in time.
        """
        tell, pause, begun = teller(progress, self.id), 0.1, time.monotonic()
        try:
            while (state := self.state)["status"] not in _ENDED:
                tell(state["progress"], 100)
                if timeout_s is not None and time.monotonic() - begun > timeout_s:
                    raise TimeoutError(f"job {self.id}: {state['status']}, {state['progress']} %")
                time.sleep(pause)
                pause = min(pause * 1.5, 2.0)
        except KeyboardInterrupt:
            self.cancel()
            raise
        if state["status"] == "dismissed":
            raise Cancelled(404, "Dismissed", state["message"])
        tell(100, 100)
        return Answer(self._connection.get(f"jobs/{self.id}/results"))

    def cancel(self) -> None:
        """End it, or forget it where it has ended."""
        self._connection.send("DELETE", f"jobs/{self.id}")
