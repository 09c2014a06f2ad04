"""What a superuser sets up on a PostgreSQL server before the service can own anything there."""

from __future__ import annotations

from contextlib import closing
from importlib.resources import files

import psycopg2
from psycopg2 import sql

OWNER = "wangge_owner"
API = "wangge_api"
DATABASE = "wangge"


def _connect(admin_dsn: str) -> closing[psycopg2.extensions.connection]:
    connection = psycopg2.connect(admin_dsn)
    connection.autocommit = True
    return closing(connection)


def create_roles(admin_dsn: str) -> None:
    """Make the owner's and the service's role where they are missing; ``admin_dsn`` names a superuser."""
    with _connect(admin_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(files(__package__).joinpath("server_roles.sql").read_text("utf-8"))


def create_extensions(admin_dsn: str) -> None:
    """Make PostGIS and btree_gist in the database that ``admin_dsn`` names, and mark the box operators leakproof."""
    with _connect(admin_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(files(__package__).joinpath("server_extensions.sql").read_text("utf-8"))


def database_exists(admin_dsn: str, name: str) -> bool:
    """Whether the server has a database of that name."""
    with _connect(admin_dsn) as connection, connection.cursor() as cursor:
        cursor.execute("select true from pg_database where datname = %s", (name,))
        return cursor.fetchone() is not None


def create_database(admin_dsn: str, name: str, template: str = "template1") -> None:
    """Make a database of the owner, as a copy of another that nobody is connected to."""
    statement = "create database {} owner {} template {}"
    with _connect(admin_dsn) as connection, connection.cursor() as cursor:
        if template != "template1" and connection.server_version >= 150000:
            # Half the time of the default for a template of some hundred megabytes; before 15 there was nothing else.
            statement += " strategy file_copy"
        names = (sql.Identifier(word) for word in (name, OWNER, template))
        cursor.execute(sql.SQL(statement).format(*names))


def drop_database(admin_dsn: str, name: str) -> None:
    """Remove a database and whoever is connected to it; nothing happens when there is none."""
    with _connect(admin_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
