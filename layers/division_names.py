"""Names of divisions by their codes."""

from __future__ import annotations

from collections.abc import Collection

from psycopg2.extensions import cursor as Cursor


def division_names(cur: Cursor, codes: Collection[str]) -> dict[str, str]:
    """Names of those of the divisions that the database knows.

    Parameters
    ----------
    codes : collection of str
        Of 6, 9 or 12 digits.
    """
    cur.execute("select code, name from wangge.divisions where code = any(%s)", (list(codes),))
    return dict(cur.fetchall())
