"""What the database refuses of a change set, as errors that a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from geo.errors import Conflict, Forbidden, InvalidInput, NeedsKey, NotFound, WanggeError
from layers.identity import current


@contextmanager
def worded(change_set: int | None = None) -> Iterator[None]:
    """Raise what the functions of the schema refuse (their codes begin with WG) as an error of ours.

    Parameters
    ----------
    change_set : int, optional
        The set or publication that is spoken of; the set of the asker when not given.
    """
    try:
        yield
    except psycopg2.Error as error:
        wording = _worded(error, change_set if change_set is not None else current().change_set)
        if wording is None:
            raise
        raise wording from error


def _worded(error: psycopg2.Error, change_set: int | None) -> WanggeError | None:
    said = error.diag.message_primary or ""
    match error.pgcode:
        case "WG401":
            refusal = NeedsKey if current().role == "public" else Forbidden
            return refusal("change-set.role")
        case "WG404":
            return NotFound("change-set.unknown", change_set=change_set)
        case "WG405":
            return NotFound("publish.unknown", publication=change_set)
        case "WG411":
            return Conflict("publish.changed-since", publication=change_set, codes=said)
        case "WG403":
            return Forbidden("change-set.another", change_set=change_set, author=error.diag.message_detail or "")
        case "WG409":
            return Conflict("change-set.closed", change_set=change_set, state=error.diag.message_detail or "")
        case "WG410":
            return Conflict("change-set.changed-meanwhile", change_set=change_set, reason=said)
        case "40001":
            return Conflict("edit.busy")
        case "22000" | "XX000" | "22023":
            return InvalidInput("query.data", reason=said[:200])
    return None
