"""The ledger of codes: which were ever given out, and giving out more so that no two connections give the same one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

from psycopg2.errors import UniqueViolation
from psycopg2.extensions import cursor as Cursor

from geo.codes.code import check_village_code, parse_code
from geo.codes.schemes import CodeScheme
from geo.errors import Conflict, Forbidden, InvalidInput, NeedsKey
from layers.database.database import Database
from layers.identity import current

_LOCKS = 7_000_000_000_000
"""Advisory locks of villages: this and the village's 12 digits. No other lock of the service reaches up here."""

LEAST_ROLE = "editor"
"""Who may take codes out of the ledger for good."""

Numbering = Callable[[Mapping[str, Collection[int]]], Sequence[str]]
"""From the serials ever given out in each village to the codes to give out now; called with the villages locked."""


def used_serials(cur: Cursor, village_codes: Collection[str]) -> dict[str, set[int]]:
    """Serials ever given out in villages, those of retired codes and of codes not yet in use included.

    Parameters
    ----------
    cur : cursor
    village_codes : collection of str
        12-digit codes; a village where nothing was given out has no entry.
    """
    found: defaultdict[str, set[int]] = defaultdict(set)
    cur.execute(
        "select village_code, serial from wangge.issued_codes where village_code = any(%s::text[])",
        (list(village_codes),),
    )
    for village, serial in cur.fetchall():
        found[village].add(serial)
    return dict(found)


def require_villages(cur: Cursor, village_codes: Collection[str]) -> None:
    """InvalidInput, naming the first, when some of these are no villages of the divisions."""
    for village in sorted(set(village_codes)):
        check_village_code(village)
    cur.execute(
        "select code from unnest(%s::text[]) as asked (code)"
        " where not exists (select from wangge.todays_divisions as today where today.code = asked.code"
        " and level = 'village')"
        " order by code",
        (sorted(set(village_codes)),),
    )
    unknown = [row[0] for row in cur.fetchall()]
    if unknown:
        raise InvalidInput("issue.unknown-village", village=unknown[0], count=len(unknown))


def lock_villages(cur: Cursor, village_codes: Collection[str]) -> None:
    """Be the only one to number these villages until the transaction ends; others who want to, wait.

    The locks are taken in the order of the codes, so that two who share villages can't wait for each other for ever.
    """
    for village in sorted(set(village_codes)):
        cur.execute("select pg_advisory_xact_lock(%s)", (_LOCKS + int(village),))


def propose_codes(database: Database, village_codes: Collection[str], number: Numbering) -> list[str]:
    """Codes as they would be given out now; nothing is kept, so the next who asks is told the same.

    Parameters
    ----------
    database : Database
    village_codes : collection of str
        Every village that ``number`` gives codes of.
    number : callable
        See `Numbering`.
    """
    with database.transaction() as cur:
        require_villages(cur, village_codes)
        return list(number(used_serials(cur, village_codes)))


def issue_codes(database: Database, village_codes: Collection[str], number: Numbering, scheme: CodeScheme) -> list[str]:
    """Give out codes for good, in one transaction: all of them or none.

    Parameters
    ----------
    database : Database
    village_codes : collection of str
        Every village that ``number`` gives codes of; they are locked first, so what ``number`` sees stays true.
    number : callable
        See `Numbering`.
    scheme : CodeScheme
        What the digits of the codes mean.

    Returns
    -------
    list of str
        What ``number`` gave. Nobody is ever given one of them again, whether or not a grid comes to hold it.

    Raises
    ------
    NeedsKey, Forbidden
        When the current identity is no editor.
    InvalidInput
        For a village that the divisions do not have, and whatever ``number`` raises.
    Conflict
        When somebody loaded a grid with one of the codes in the same moment.
    """
    identity = current()
    if not identity.reaches(LEAST_ROLE):
        refusal = NeedsKey if identity.role == "public" else Forbidden
        raise refusal("issue.role", role=LEAST_ROLE)
    with database.transaction() as cur:
        require_villages(cur, village_codes)
        lock_villages(cur, village_codes)
        # A statement of its own after the lock: under READ COMMITTED it sees what those before us committed.
        codes = list(number(used_serials(cur, village_codes)))
        parsed = [parse_code(code, scheme) for code in codes]
        try:
            cur.execute(
                "insert into wangge.issued_codes (code, village_code, serial)"
                " select * from unnest(%s::text[], %s::text[], %s::integer[])",
                (codes, [code.village_code for code in parsed], [code.serial for code in parsed]),
            )
        except UniqueViolation as error:
            raise Conflict("issue.taken", codes=", ".join(codes[:3]), count=len(codes)) from error
    return codes


def reinstate_codes(cur: Cursor) -> None:
    """Give their codes back to the grids of a layer that was emptied and loaded anew in this transaction.

    To correct a whole layer is not to give up its codes and use them again. What had been given up before stays so.
    """
    cur.execute(
        "update wangge.issued_codes set retired_at = null where retired_at = now()"
        " and exists (select from wangge.grids where grids.code = issued_codes.code and valid_to is null)"
    )
