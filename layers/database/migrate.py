"""Brings a database to the schema of this version: numbered SQL files, each frozen once it has shipped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files

import psycopg2
from psycopg2.errors import DeadlockDetected

from geo.errors import Conflict
from layers.case_types import write_case_types
from layers.database.comments import write_comments
from layers.database.grants import apply_grants
from layers.heat.cells import refine_cells
from layers.records.items import write_layers

_TRIES = 5
_LOCK = 321_283_001
"""Advisory lock: of two services that start at once on one database, the second waits."""


@dataclass(frozen=True)
class Migration:
    """One numbered SQL file.

    Attributes
    ----------
    name : str
        File name; its number gives the order.
    sql : str
        The statements.
    """

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hash of the statements: what was run can't be edited afterwards without notice."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """All migrations in the order in which they run."""
    folder = files("layers") / "schema"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [Migration(name, (folder / name).read_text("utf-8")) for name in names]


def frozen_hashes() -> dict[str, str]:
    """Hash of each shipped migration by file name, as written down when it shipped."""
    lines = (files("layers") / "schema" / "SHA256SUMS").read_text("utf-8").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def migrate(dsn: str, progress: Callable[[str], None] | None = None) -> list[str]:
    """Run what the database lacks, then write grants, row rules, comments and case types anew, all in one transaction.

    Parameters
    ----------
    dsn : str
        Connection string of the owner; PostGIS, btree_gist and the role ``wangge_api`` are there already.
    progress : callable, optional
        Called with the name of each migration before it runs.

    Returns
    -------
    list of str
        Names of the migrations that ran.

    Raises
    ------
    Conflict
        When a migration that already ran differs from this version's, or the database is newer than this version.
    """
    for _ in range(_TRIES - 1):
        # a service that is up reads the tables in an order of its own; nothing of a try that it ends has been written
        with suppress(DeadlockDetected):
            return _run(dsn, progress)
    return _run(dsn, progress)


def _run(dsn: str, progress: Callable[[str], None] | None) -> list[str]:
    ran = []
    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cur:
            cur.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
            cur.execute(
                "create table if not exists public.wangge_migrations ("
                "name text primary key, sha256 text not null, ran_at timestamptz not null default now())"
            )
            cur.execute("select name, sha256 from public.wangge_migrations")
            known = dict(cur.fetchall())
            shipped = migrations()
            unknown = sorted(set(known) - {migration.name for migration in shipped})
            if unknown:
                raise Conflict("schema.newer", name=unknown[-1])
            for migration in shipped:
                if migration.name in known:
                    if known[migration.name] != migration.sha256:
                        raise Conflict("schema.edited", name=migration.name)
                    continue
                if progress:
                    progress(migration.name)
                cur.execute(migration.sql)
                cur.execute(
                    "insert into public.wangge_migrations (name, sha256) values (%s, %s)",
                    (migration.name, migration.sha256),
                )
                ran.append(migration.name)
            apply_grants(cur)
            write_comments(cur)
            write_case_types(cur)
            write_layers(cur)
            if "0007_counts.sql" in ran:
                refine_cells(cur)
    finally:
        connection.close()
    return ran
