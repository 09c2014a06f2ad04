"""Decisions on findings: accepted for a reason, or opened again."""

from __future__ import annotations

from typing import Any, Final, Literal

from psycopg2.extensions import cursor as Cursor

from geo.errors import InvalidInput, NotFound
from layers.loading.personal_data import personal_data

LEAST_ROLE: Final = "editor"
"""Who may decide; the database holds it once more."""


def decide_finding(cur: Cursor, id_: str, decision: Literal["accept", "reopen"], reason: str = "") -> dict[str, Any]:
    """Accept a finding that is not fixed: it is told from then on, but stops nothing. Or take that back.

    Parameters
    ----------
    cur : cursor
        Of who decides, in the service's login or the owner's; the database notes the name of the key.
    id_ : str
        Stored id.
    decision : {'accept', 'reopen'}
    reason : str
        Why it is accepted; never empty then.

    Returns
    -------
    dict
        ``id``, ``state``, and of an accepted one ``reason`` and ``decided_by``.

    Raises
    ------
    InvalidInput
        Without a reason, or with one that looks like a telephone, identity or number plate number.
    NotFound
        When there is no such finding that this can be done to: it is fixed, or was not accepted.
    """
    why = reason.strip()
    if decision == "accept":
        if not why:
            raise InvalidInput("finding.no-reason", id=id_)
        if personal_data(why) is not None:
            raise InvalidInput("finding.personal-reason", id=id_)
    cur.execute("select wangge.decide_finding(%s, %s, %s)", (id_, decision, why))
    if cur.fetchone() == (None,):
        raise NotFound(f"finding.cannot-{decision}", id=id_)
    cur.execute("select id, state, reason, decided_by from wangge.findings where id = %s", (id_,))
    (row,) = cur.fetchall()
    answer = {"id": row[0], "state": row[1]}
    return answer | ({"reason": row[2], "decided_by": row[3]} if decision == "accept" else {})
