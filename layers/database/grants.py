"""Grants and row-level policies of every layer, written from the catalogue at each migration."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from layers.catalogue.catalogue import CATALOGUE
from layers.catalogue.shared import STAFF, STAFF_OF_TOWNSHIP

OWN_JOBS = "case when key_id is null then id = wangge.asked_job() else key_id = wangge.asking_key() end"
"""A key's jobs are seen by that key; one of the public by whoever knows its id, and no list ever shows it."""

OWN_DENSITY = f"audience = 'public' or ({STAFF} and (select wangge.asking_township()) is null)"
"""Maps made from exact places are for staff of the whole city."""

EDITORS = "(select wangge.may_edit())"

SUPPORTING_RULES = {
    "completeness": STAFF_OF_TOWNSHIP,
    "item_deliveries": "(select wangge.asking_role()) = 'admin'",
    "case_counts": STAFF_OF_TOWNSHIP,
    # released counts beside exact ones would be counted twice
    "heat_years": "(select wangge.heat_audience()) = 'public'",
    "density_maps": OWN_DENSITY,
    "jobs": OWN_JOBS,
    "change_sets": EDITORS,
    "edited_grids": EDITORS,
    "edited_divisions": EDITORS,
    "publications": STAFF,
    "publication_grids": EDITORS,
    "publication_divisions": EDITORS,
}
"""Tables that no collection shows but the service reads, with their row rule."""

EDITOR_READS = {
    # of tables that keep what has ended, whoever opens them in QGIS gets the map of today
    "divisions": "valid_to is null",
    "grids": "valid_to is null",
    "findings": "change_set = (select wangge.asked_set())",
    "change_sets": "true",
}
"""What an editor reads who is connected himself, with the row rule: the ground, and what is wrong with his set."""


def row_rules() -> dict[str, str]:
    """Row rule in SQL by table name; a row that fails it does not exist for the service's login.

    A view has its rule in its text: PostgreSQL has none for views.
    """
    return {layer.table: layer.row_rule for layer in CATALOGUE.values() if not layer.tables} | SUPPORTING_RULES


# Who may what with which table and column, and by which rules, as the server has it.
_STATE: Final = """
    with relations as (
        select oid, relname, relacl, relrowsecurity, relforcerowsecurity from pg_class
        where relnamespace = 'wangge'::regnamespace and relkind in ('r', 'p', 'v', 'm')),
    lines (line) as (
        select concat_ws(' ', relname, relacl, relrowsecurity, relforcerowsecurity) from relations
        union all
        select concat_ws(' ', relname, attname, attacl) from relations join pg_attribute on attrelid = relations.oid
        where attacl is not null
        union all
        select pg_policies::text from pg_policies where schemaname = 'wangge'
        union all
        select nspacl::text from pg_namespace where nspname = 'wangge')
    select coalesce(string_agg(line, chr(10) order by line collate "C"), ''),
        obj_description('public.wangge_migrations'::regclass, 'pg_class')
    from lines
"""


def apply_grants(cur: Cursor) -> None:
    """Let the service read every layer through its row rule, and nothing else of these tables; what editors write they
    write through the triggers of a view.

    To write them locks every table against readers, and every command comes here beside a service that is up. So they
    are left alone while the server has them as this version wrote them last, which a comment on the table of migrations
    tells; whatever was granted or taken away by hand makes a difference.

    Parameters
    ----------
    cur : cursor
        Of the owner, inside the migration's transaction: no moment passes without a rule.
    """
    state, written = _state(cur)
    if written == state:
        return
    _write(cur)
    state, _ = _state(cur)
    cur.execute(sql.SQL("comment on table public.wangge_migrations is {}").format(sql.Literal(state)))


def _state(cur: Cursor) -> tuple[str, str | None]:
    """Fingerprint of what the server has and this version wants, and the one that was written last."""
    cur.execute(_STATE)
    ((state, written),) = cur.fetchall()
    wanted = (row_rules(), EDITOR_READS, [(layer.table, layer.tables, layer.writers) for layer in CATALOGUE.values()])
    source = Path(__file__).read_bytes()
    return sha256(source + repr(wanted).encode() + state.encode()).hexdigest(), written


def _write(cur: Cursor) -> None:
    for table, rule in row_rules().items():
        name = sql.Identifier("wangge", table)
        cur.execute(sql.SQL("revoke all on {} from public, wangge_api").format(name))
        cur.execute(sql.SQL("grant select on {} to wangge_api").format(name))
        cur.execute(sql.SQL("alter table {} enable row level security").format(name))
        cur.execute(sql.SQL("drop policy if exists reading on {}").format(name))
        cur.execute(
            sql.SQL("create policy reading on {} for select to wangge_api using ({})").format(name, sql.SQL(rule))
        )
    for layer in CATALOGUE.values():
        if layer.tables:
            name = sql.Identifier("wangge", layer.table)
            cur.execute(sql.SQL("revoke all on {} from public, wangge_api").format(name))
            cur.execute(sql.SQL("grant select on {} to wangge_api").format(name))
            if layer.writers:
                cur.execute(sql.SQL("grant insert, update, delete on {} to wangge_api").format(name))
    _grant_editors(cur)


def _grant_editors(cur: Cursor) -> None:
    """What the group of those may do who edit in the database itself; the server of an earlier version has none."""
    cur.execute("select from pg_roles where rolname = 'wangge_editor'")
    if cur.fetchone() is None:
        return
    cur.execute("grant usage on schema wangge to wangge_editor")
    cur.execute("revoke all on all tables in schema wangge from wangge_editor")
    for table, rule in EDITOR_READS.items():
        name = sql.Identifier("wangge", table)
        cur.execute(sql.SQL("grant select on {} to wangge_editor").format(name))
        cur.execute(sql.SQL("drop policy if exists editing on {}").format(name))
        cur.execute(
            sql.SQL("create policy editing on {} for select to wangge_editor using ({})").format(name, sql.SQL(rule))
        )
    cur.execute("grant select, insert, update, delete on wangge.grid_edits to wangge_editor")
