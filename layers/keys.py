"""Personal keys: made once, shown once, kept only as a hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from geo.errors import Forbidden, InvalidInput, NotFound
from layers.database.database import Database
from layers.identity import ADMIN, ROLES, Identity

_PREFIX = "wg_"

_IDENTIFY = """
    select id, name, role, township_code,
        (select max(valid_to) from wangge.divisions as ended
         where ended.code = township_code
            and not exists (select from wangge.todays_divisions as today where today.code = township_code))
    from wangge.authenticate(%s)
"""


@dataclass(frozen=True)
class Key:
    """What is kept of a key.

    Attributes
    ----------
    id : int
        Number of the key, by which it is revoked.
    name, role : str
        What it is for, and what it may do.
    township : str or None
        The one township that it reaches; None for all.
    created_at, revoked_at : datetime or None
        When it was made and ended.
    """

    id: int
    name: str
    role: str
    township: str | None
    created_at: datetime
    revoked_at: datetime | None


def _digest(key: str) -> bytes:
    """SHA-256 of a key. A key is 256 random bits, so a slow password hash would guard nothing and cost each request."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def add_key(database: Database, role: str, township: str | None, name: str) -> str:
    """Make a key.

    Parameters
    ----------
    database : Database
        Of the owner.
    role : str
        One of ``layers.identity.ROLES``.
    township : str or None
        9-digit code of the township that a staff key is for.
    name : str
        What the key is for; not the name of a person.

    Returns
    -------
    str
        The key; it can't be shown again.

    Raises
    ------
    InvalidInput
        For an unknown role or township, or a township with another role than staff.
    """
    if role not in ROLES:
        raise InvalidInput("key.role", role=role, roles=", ".join(ROLES))
    if not name.strip():
        raise InvalidInput("key.name")
    if township is not None and role != "staff":
        raise InvalidInput("key.township-role", role=role)
    key = _PREFIX + secrets.token_urlsafe(32)
    with database.transaction(ADMIN) as cur:
        if township is not None:
            cur.execute("select from wangge.todays_divisions where code = %s and level = 'township'", (township,))
            if cur.rowcount != 1:
                raise InvalidInput("key.township", township=township)
        cur.execute(
            "insert into wangge.keys (name, role, township_code, key_sha256) values (%s, %s, %s, %s)",
            (name.strip(), role, township, _digest(key)),
        )
    return key


def list_keys(database: Database) -> list[Key]:
    """All keys, the newest last; the keys themselves are known to nobody."""
    with database.transaction(ADMIN) as cur:
        cur.execute("select id, name, role, township_code, created_at, revoked_at from wangge.keys order by id")
        return [Key(*row) for row in cur.fetchall()]


def revoke_key(database: Database, key_id: int) -> None:
    """End a key; what it was used for stays.

    Raises
    ------
    NotFound
        When there is no such key, or it was revoked before.
    """
    with database.transaction(ADMIN) as cur:
        cur.execute("update wangge.keys set revoked_at = now() where id = %s and revoked_at is null", (key_id,))
        if cur.rowcount != 1:
            raise NotFound("key.unknown", id=key_id)


def identify(database: Database, key: str) -> Identity | None:
    """Who holds a key; None when nobody does, or it was revoked.

    Raises
    ------
    Forbidden
        When the key is for a township that has ended: it would see nothing of what came after, and say nothing of it.
    """
    with database.transaction(Identity()) as cur:
        cur.execute(_IDENTIFY, (_digest(key),))
        row = cur.fetchone()
    if row and row[4] is not None:
        raise Forbidden("key.township-ended", township=row[3], day=row[4])
    return Identity(role=row[2], township=row[3], name=row[1], key=row[0]) if row else None
