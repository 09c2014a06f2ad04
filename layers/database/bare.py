"""Whether a database has any ground yet."""

from __future__ import annotations

from psycopg2.extensions import connection as Connection


def is_bare(connection: Connection) -> bool:
    """Whether there is neither a city nor a division nor a grid: only then may the sample city move in."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "select not exists (select from wangge.city) and not exists (select from wangge.divisions)"
            " and not exists (select from wangge.grids)"
        )
        row = cursor.fetchone()
    return bool(row and row[0])
