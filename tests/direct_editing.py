"""A login of one who edits in the database itself, for the tests of what it may and may not do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from editing import rows

TABLES = (
    "select relname from pg_class where relnamespace = 'wangge'::regnamespace and relkind in ('r', 'p') order by 1"
)
NO_RIGHT = (psycopg2.errors.InsufficientPrivilege, psycopg2.errors.WrongObjectType, psycopg2.errors.UndefinedColumn)


@contextmanager
def direct_login(database: Any) -> Iterator[Any]:
    """A connection of one who edits directly.

    The cluster lets in by the name of the system's user, so it began as the administrator's; that is why nobody tries
    ``set session authorization`` on it, which asks who it began as.
    """
    with closing(psycopg2.connect(database.admin_dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cur:
            cur.execute("drop role if exists wang_editor")
            cur.execute("create role wang_editor login in role wangge_editor")
            cur.execute("set session authorization wang_editor")
        yield connection
        with connection.cursor() as cur:
            cur.execute("reset session authorization")
            # with what belongs to it in the temporary schema
            cur.execute("drop owned by wang_editor cascade")
            cur.execute("drop role wang_editor")


def state(database: Any) -> dict[str, Any]:
    """Every row of every table in its version, but of the sets, which are what editors write."""
    found = {}
    for (table,) in rows(database, TABLES):
        if table not in ("change_sets", "edited_grids", "findings", "jobs", "layer_versions", "outbox"):
            statement = f"select count(*), sum(hashtext(ctid::text || xmin::text)::bigint) from wangge.{table}"  # noqa: S608 - tables as the catalogue lists them
            found[table] = rows(database, statement)
    return found


def refused(connection: Any, statement: str, reasons: tuple[type[Exception], ...] = NO_RIGHT) -> str:
    """Empty when the statement fails for lack of rights, or another of the reasons; else what it was."""
    with connection.cursor() as cur:
        try:
            cur.execute(statement)
        except reasons:
            cur.execute("rollback")
            return ""
        except psycopg2.Error as error:
            return f"{statement}: {type(error).__name__} {error}"
    return statement
