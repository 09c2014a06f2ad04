"""Who is told of which changes. Only an administrator adds, lists and removes; the database holds him to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg2
from psycopg2.extensions import cursor as Cursor

from geo.errors import Forbidden, InvalidInput, NotFound

TOLD_LAYERS: Final = ("grids", "findings", "cases", "jobs")
"""What can be subscribed to."""


@dataclass(frozen=True)
class Subscription:
    """Somebody who is told.

    Attributes
    ----------
    id : int
    name : str
        What it is for.
    kind : str
        ``webhook`` or ``mqtt``.
    uri : str
        Address that is told.
    layers : list of str
        Of which layers.
    township_code : str or None
        Of one township only.
    created_at : datetime
    failing_since : datetime or None
        Since when the target can't be reached.
    last_error : str or None
        Why.
    waiting, dead : int
        Events that are still to be sent, and those that were given up.
    """

    id: int
    name: str
    kind: str
    uri: str
    layers: list[str]
    township_code: str | None
    created_at: datetime
    failing_since: datetime | None
    last_error: str | None
    waiting: int
    dead: int


@dataclass(frozen=True)
class DeadEvent:
    """An event that was given up.

    Attributes
    ----------
    number : int
        Its place in the order of events.
    id : str
        UUID, as it was sent.
    layer, operation, feature : str
    happened_at, dead_at : datetime
    attempts : int
    reason : str
    """

    number: int
    id: str
    layer: str
    operation: str
    feature: str
    happened_at: datetime
    dead_at: datetime
    attempts: int
    reason: str


def add_subscription(
    cur: Cursor, name: str, kind: str, uri: str, secret: bytes | None, layers: Sequence[str], township_code: str | None
) -> int:
    """Tell somebody from now on; the new subscription's id.

    Raises
    ------
    Forbidden
        When the asker is no administrator.
    InvalidInput
        When there is no such township.
    """
    values = (name, kind, uri, secret, list(layers), township_code)
    try:
        cur.execute("select wangge.add_subscription(%s, %s, %s, %s, %s, %s)", values)
    except psycopg2.errors.InsufficientPrivilege as error:
        raise Forbidden("push.role") from error
    except (psycopg2.errors.ForeignKeyViolation, psycopg2.errors.CheckViolation) as error:
        raise InvalidInput("push.township", township=township_code) from error
    made: int = _row(cur)[0]
    return made


def remove_subscription(cur: Cursor, id_: int) -> None:
    """Tell nothing more, and forget what was still to be sent; NotFound when there is none of that id."""
    cur.execute("select wangge.remove_subscription(%s)", (id_,))
    if not _row(cur)[0]:
        raise NotFound("push.none", id=id_)


def list_subscriptions(cur: Cursor) -> list[Subscription]:
    """All of them, in the order of their ids."""
    cur.execute("select * from wangge.list_subscriptions()")
    return [Subscription(*row) for row in cur.fetchall()]


def list_dead(cur: Cursor, id_: int, most: int = 100) -> list[DeadEvent]:
    """What was given up of a subscription, the oldest first."""
    cur.execute("select event, id::text, layer, operation, feature, happened_at, dead_at, attempts, reason"
                " from wangge.list_dead(%s, %s)", (id_, most))  # fmt: skip
    return [DeadEvent(*row) for row in cur.fetchall()]


def revive(cur: Cursor, id_: int) -> int:
    """Send again what was given up; how many those are."""
    cur.execute("select wangge.revive_deliveries(%s)", (id_,))
    revived: int = _row(cur)[0]
    return revived


def _row(cur: Cursor) -> tuple[int, ...]:
    row = cur.fetchone()
    if row is None:
        raise RuntimeError("a function that answers always gave no row")
    return row
