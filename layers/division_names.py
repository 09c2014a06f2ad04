"""Names of divisions by their codes."""

from __future__ import annotations

from collections.abc import Collection

from psycopg2.extensions import cursor as Cursor


def division_names(cur: Cursor, codes: Collection[str]) -> dict[str, str]:
    """Names of those of the divisions that the database knows; of one that ended the last it had.

    Parameters
    ----------
    codes : collection of str
        Of 6, 9 or 12 digits.
    """
    cur.execute(
        "select distinct on (code) code, name from wangge.divisions where code = any(%s)"
        " order by code, valid_to desc nulls first",
        (list(codes),),
    )
    return dict(cur.fetchall())
