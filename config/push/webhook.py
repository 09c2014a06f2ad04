"""Events over the web: a POST each, signed as Standard Webhooks says, so that who gets one knows it is ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import time

from config.push.cloud_event import MEDIA_TYPE, cloud_event
from config.push.sending import Refused, Unreachable
from geo.errors import WanggeError
from layers.push.outbox import Event, Target
from processes.jobs.callback import Reach, post

BATCH = 50
_TRY_LATER = frozenset({408, 425, 429})


class Webhook:
    """Sends to one address.

    Parameters
    ----------
    target : Target
        With a secret.
    base_url : str
        Root of the service.
    reach : Reach
        Where it may go: never into a private network that is not allowed.
    """

    batch = BATCH

    def __init__(self, target: Target, base_url: str, reach: Reach) -> None:
        self._target = target
        self._base = base_url
        self._reach = reach

    def send(self, event: Event) -> None:
        """Send one and wait for its answer.

        Raises
        ------
        Refused
            When the target says that it doesn't want this one.
        Unreachable
            When it can't be reached or is in trouble of its own.
        """
        body = cloud_event(event, self._base)
        signed = signature(event.id, int(time.time()), body, self._target.secret or b"")
        headers = {"Content-Type": MEDIA_TYPE, **signed}
        try:
            status = post(self._target.uri, body, self._reach, headers)
        except WanggeError as error:
            raise Unreachable(error.key) from error
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        if status >= 500 or status in _TRY_LATER:
            raise Unreachable(f"HTTP {status}")
        if not 200 <= status < 300:
            raise Refused(f"HTTP {status}")

    def flush(self) -> None:
        """Every event was answered on its own."""

    def close(self) -> None:
        """Each event has a connection of its own."""


def signature(id_: str, timestamp: int, body: bytes, secret: bytes) -> dict[str, str]:
    """Headers by which a receiver proves an event: HMAC-SHA-256 over its id, its time and its body.

    Source: Standard Webhooks specification 1.0, symmetric signatures.
    """
    signed = f"{id_}.{timestamp}.".encode() + body
    digest = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": id_, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{digest}"}
