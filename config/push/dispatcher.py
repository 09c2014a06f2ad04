"""Sends what is in the outbox: ``python -m config.push.dispatcher``, a process of the service beside its workers.

A thread a target, so that a slow one keeps nobody waiting; of several dispatchers on one database only one sends to a
target, since order would be lost otherwise.
"""

from __future__ import annotations

import logging
import select
import sys
import threading
from collections.abc import Sequence
from contextlib import closing

import psycopg2
from psycopg2.extensions import connection as Connection

from config.jobs.companion import serve
from config.push.mqtt import Broker
from config.push.sending import Refused, Sender, Unreachable
from config.push.webhook import Webhook
from config.settings import Settings
from layers.push.outbox import (
    Event,
    Target,
    due_events,
    due_targets,
    hold,
    refused,
    release,
    sent,
    unreachable,
)  # fmt: skip
from processes.jobs.callback import Reach

LOGGER = logging.getLogger("wangge.push")

_LOOK_S = 1.0
_APPLICATION = "wangge push"


class Dispatcher:
    """Sends until it is told to stop.

    Parameters
    ----------
    settings : Settings
        With the addresses of the database.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reach = Reach(settings.callback_allowed, settings.callback_seconds)
        self._stopping = threading.Event()
        self._running: dict[int, threading.Thread] = {}

    def stop(self, *_signal: object) -> None:
        """End after what is under way; may be called from a signal."""
        self._stopping.set()

    def run(self) -> None:
        """Send until `stop`; a database that is away is waited for."""
        while not self._stopping.is_set():
            try:
                with closing(self._connect()) as connection, connection.cursor() as cur:
                    cur.execute("listen wangge_push")
                    while not self._stopping.is_set():
                        for target in due_targets(cur):
                            self._begin(target)
                        # looked at without a call as well: for what is due again, and calls that were lost
                        select.select([connection], [], [], _LOOK_S)
                        connection.poll()
                        connection.notifies.clear()
            except psycopg2.Error as error:
                LOGGER.warning("the outbox is away: %s", type(error).__name__)
                self._stopping.wait(_LOOK_S)
        for thread in list(self._running.values()):
            thread.join(self._settings.callback_seconds)

    def _begin(self, target: Target) -> None:
        running = self._running.get(target.id)
        if running is None or not running.is_alive():
            thread = threading.Thread(target=self._serve, args=(target,), name=f"wangge-push-{target.id}", daemon=True)
            self._running[target.id] = thread
            thread.start()

    def _serve(self, target: Target) -> None:
        """Send to one target until nothing is due."""
        try:
            with closing(self._connect()) as connection:
                if not hold(connection, target.id):
                    return
                try:
                    self._send_all(connection, target)
                finally:
                    release(connection, target.id)
        except psycopg2.Error as error:
            LOGGER.warning("subscription %s: the outbox is away: %s", target.id, type(error).__name__)

    def _send_all(self, connection: Connection, target: Target) -> None:
        sender: Sender | None = None
        try:
            with connection.cursor() as cur:
                while not self._stopping.is_set():
                    events = due_events(cur, target.id, Broker.batch if target.kind == "mqtt" else Webhook.batch)
                    if not events:
                        break
                    try:
                        sender = sender or self._sender(target)
                        self._send_some(connection, target, sender, events)
                    except Unreachable as error:
                        LOGGER.warning("subscription %s: %s", target.id, error)
                        unreachable(cur, target.id, str(error))
                        break
        finally:
            if sender is not None:
                sender.close()

    def _send_some(self, connection: Connection, target: Target, sender: Sender, events: Sequence[Event]) -> None:
        """Send a batch; what the target has by then is taken out, whatever ends the batch early."""
        done: list[int] = []
        waiting: set[tuple[str, str]] = set()
        with connection.cursor() as cur:
            try:
                for event in events:
                    if self._stopping.is_set():
                        break
                    if (event.layer, event.feature) in waiting:
                        continue
                    try:
                        sender.send(event)
                        done.append(event.number)
                    except Refused as error:
                        waiting.add((event.layer, event.feature))
                        refused(cur, target.id, event, str(error))
            except Unreachable:
                # each that was sent over the web has been answered; a broker has said nothing yet
                if target.kind == "webhook" and done:
                    sent(cur, target.id, done)
                raise
            sender.flush()
            if done:
                sent(cur, target.id, done)

    def _sender(self, target: Target) -> Sender:
        if target.kind == "mqtt":
            return Broker(target, self._settings.base_url)
        return Webhook(target, self._settings.base_url, self._reach)

    def _connect(self) -> Connection:
        connection = psycopg2.connect(self._settings.owner_dsn, application_name=_APPLICATION)
        connection.autocommit = True
        return connection


if __name__ == "__main__":
    sys.exit(serve("config.push.dispatcher", Dispatcher))
