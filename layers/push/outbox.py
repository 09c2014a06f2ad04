"""The outbox as whoever sends it sees it: what is due of one subscription, and what became of it.

An event is written in the transaction that changes the row, and its delivery is taken out only after the target has
it: whatever dies in between, it is sent, at least once. Events of one feature go in the order of their numbers; while
one of them waits for another try, the later ones of that feature wait behind it, and nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

_LOCK_CLASS: Final = 321_284

REJECTED_AGAIN_S: Final = (5, 30, 120, 600, 3600, 6 * 3600)
"""Seconds after which an event that its target refused is tried again; then it is given up."""

UNREACHABLE_S: Final = (1, 2, 5, 10, 30, 60, 120, 300)
"""Seconds for which a target that can't be reached is left alone, the last one again and again."""

LONGEST_DAYS: Final = 7
"""An event that could not be sent for so long is given up: the outbox of a target that is gone ends somewhere."""


@dataclass(frozen=True)
class Target:
    """Where events of a subscription go.

    Attributes
    ----------
    id : int
        Of the subscription.
    kind : str
        ``webhook`` or ``mqtt``.
    uri : str
    secret : bytes or None
        Signs what goes to the web.
    """

    id: int
    kind: str
    uri: str
    secret: bytes | None


@dataclass(frozen=True)
class Event:
    """A change as it is told.

    Attributes
    ----------
    number : int
        Its place in the order of events.
    id : str
        UUID; the same each time it is sent.
    layer, operation, feature : str
        What changed, how (created, updated, deleted), and the id of which feature.
    township_code : str or None
    happened_at : datetime
    properties : dict
        Columns of the row after the change, or before its end.
    attempts : int
        How often it was refused so far.
    """

    number: int
    id: str
    layer: str
    operation: str
    feature: str
    township_code: str | None
    happened_at: datetime
    properties: dict[str, Any]
    attempts: int


def due_targets(cur: Cursor) -> list[Target]:
    """Subscriptions with something to send that are not being left alone."""
    cur.execute(
        """select id, kind, uri, secret from wangge.subscriptions as wanted where due_at <= now()
        and exists (select from wangge.deliveries
            where subscription = wanted.id and dead_at is null and due_at <= now())
        order by id"""
    )
    return [Target(id_, kind, uri, None if secret is None else bytes(secret)) for id_, kind, uri, secret in cur]


def hold(connection: Connection, target: int) -> bool:
    """Become the one who sends to a target, for as long as the connection lives; False when another is."""
    with connection.cursor() as cur:
        cur.execute("select pg_try_advisory_lock(%s, %s)", (_LOCK_CLASS, target))
        row = cur.fetchone()
    return bool(row and row[0])


def release(connection: Connection, target: int) -> None:
    """Let another send to a target."""
    with connection.cursor() as cur:
        cur.execute("select pg_advisory_unlock(%s, %s)", (_LOCK_CLASS, target))


def due_events(cur: Cursor, target: int, most: int) -> list[Event]:
    """What may be sent now, in order; nothing of a feature whose earlier event waits for another try."""
    cur.execute(
        """select events.number, events.id::text, events.layer, events.operation, events.feature, events.township_code,
            events.happened_at, events.properties, waiting.attempts
        from wangge.deliveries as waiting join wangge.events on events.number = waiting.event
        where waiting.subscription = %s and waiting.dead_at is null
            and not exists (select from wangge.deliveries as before
                where before.subscription = waiting.subscription and before.layer = waiting.layer
                    and before.feature = waiting.feature and before.event <= waiting.event
                    and before.dead_at is null and before.due_at > now())
        order by waiting.event limit %s""",
        (target, most),
    )
    return [Event(*row) for row in cur.fetchall()]


def sent(cur: Cursor, target: int, numbers: Sequence[int]) -> None:
    """Events that the target has: their deliveries are done, and who was told everything is forgotten."""
    cur.execute(
        "delete from wangge.deliveries where subscription = %s and event = any(%s)", (target, list(numbers))
    )
    cur.execute(
        """delete from wangge.events where number = any(%s)
        and not exists (select from wangge.deliveries where event = number)""",
        (list(numbers),),
    )
    cur.execute(
        """update wangge.subscriptions set failing_since = null, failures = 0, last_error = null
        where id = %s and failing_since is not null""",
        (target,),
    )


def refused(cur: Cursor, target: int, event: Event, reason: str) -> None:
    """An event that the target did not take: tried again later, or given up."""
    left = event.attempts < len(REJECTED_AGAIN_S)
    wait = REJECTED_AGAIN_S[event.attempts] if left else 0
    cur.execute(
        """update wangge.deliveries set attempts = attempts + 1, reason = %s,
            due_at = now() + make_interval(secs => %s), dead_at = case when %s then null else now() end
        where subscription = %s and event = %s""",
        (reason[:500], wait, left, target, event.number),
    )


def unreachable(cur: Cursor, target: int, reason: str) -> None:
    """A target that can't be reached: left alone for a while; what has waited for too long is given up."""
    cur.execute(
        """update wangge.subscriptions
        set failures = failures + 1, failing_since = coalesce(failing_since, now()), last_error = %s,
            due_at = now() + make_interval(secs => (%s::integer[])[least(failures + 1, %s)])
        where id = %s""",
        (reason[:500], list(UNREACHABLE_S), len(UNREACHABLE_S), target),
    )
    cur.execute(
        """update wangge.deliveries set dead_at = now(), reason = %s
        from wangge.events where number = event and subscription = %s and dead_at is null
            and happened_at < now() - make_interval(days => %s)""",
        (reason[:500], target, LONGEST_DAYS),
    )
