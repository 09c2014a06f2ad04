"""What every way of sending has in common."""

from __future__ import annotations

from typing import Protocol

from layers.push.outbox import Event


class Refused(Exception):
    """The target does not want this event; others may go on."""


class Unreachable(Exception):
    """The target can't be reached, or is in trouble of its own: nothing is sent for a while."""


class Sender(Protocol):
    """Sends events of one subscription in the order in which they are given.

    Attributes
    ----------
    batch : int
        How many may be on their way before `flush`.
    """

    batch: int

    def send(self, event: Event) -> None:
        """Send one; `Refused` or `Unreachable` when that is known at once."""

    def flush(self) -> None:
        """Wait until the target has all that were sent; `Unreachable` when it doesn't say so."""

    def close(self) -> None:
        """End the connection."""
