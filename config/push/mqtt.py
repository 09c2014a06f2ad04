"""Events to an MQTT broker: version 5, quality of service 1, a topic a layer and township.

Client: Eclipse Paho, the reference implementation of the protocol's own house.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from config.push.cloud_event import MEDIA_TYPE, cloud_event
from config.push.sending import Unreachable
from layers.push.broker_address import broker_address
from layers.push.outbox import Event, Target

BATCH = 200
_WAIT_S = 10.0


def topic_of(event: Event, root: str) -> str:
    """Topic of an event: below the root its layer, township (``-`` for none) and operation."""
    return f"{root}/{event.layer}/{event.township_code or '-'}/{event.operation}"


class Broker:
    """Sends to one broker over a connection that stays.

    Parameters
    ----------
    target : Target
    base_url : str
        Root of the service.

    Raises
    ------
    Unreachable
        When nobody answers there.
    """

    batch = BATCH

    def __init__(self, target: Target, base_url: str) -> None:
        self._base = base_url
        host, port, self._root = broker_address(target.uri)
        parts = urlsplit(target.uri)
        # by a name that stays, so that the broker ends what is left of a connection that died without a word
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"wangge-{target.id}", protocol=paho.MQTTv5)
        if parts.username:
            self._client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
        if parts.scheme == "mqtts":
            self._client.tls_set()
        self._client.max_inflight_messages_set(BATCH)
        self._sent: list[paho.MQTTMessageInfo] = []
        self._refused = ""
        self._client.on_connect = lambda _client, _data, _flags, reason, _properties: self._heard(reason)
        self._client.on_publish = lambda _client, _data, _number, reason, _properties: self._heard(reason)
        try:
            self._client.connect(host, port, keepalive=30)
        except OSError as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        self._client.loop_start()
        self._wait(self._client.is_connected, "no answer")

    def send(self, event: Event) -> None:
        """Give one to the connection; the broker's word for it comes with `flush`."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # the library says no types here
        properties.ContentType = MEDIA_TYPE
        self._sent.append(
            self._client.publish(topic_of(event, self._root), cloud_event(event, self._base), 1, properties=properties)
        )

    def flush(self) -> None:
        """Wait until the broker has all that were sent.

        Raises
        ------
        Unreachable
            When it doesn't say so in time, or says that it may not have one of them; they are sent again then, with
            the same ids. That it may not is a matter of the broker's settings, and no event goes before an earlier one.
        """
        self._wait(lambda: all(info.is_published() for info in self._sent), "no acknowledgement")
        self._sent.clear()

    def close(self) -> None:
        """End the connection."""
        self._client.disconnect()
        self._client.loop_stop()

    def _heard(self, reason: ReasonCode) -> None:
        """An answer of the broker; one that nobody subscribed to the topic is none of refusal."""
        if reason.is_failure:
            self._refused = f"the broker answers: {reason}"

    def _wait(self, done: Callable[[], bool], reason: str) -> None:
        end = time.monotonic() + _WAIT_S
        # asked first: the word of refusal comes before the message counts as published
        while not done() or self._refused:
            if self._refused:
                self.close()
                raise Unreachable(self._refused)
            if time.monotonic() > end or (self._sent and not self._client.is_connected()):
                self.close()
                raise Unreachable(reason)
            time.sleep(0.002)
