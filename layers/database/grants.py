"""Grants and row-level policies of every layer, written from the catalogue at each migration."""

from __future__ import annotations

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from layers.catalogue.catalogue import CATALOGUE
from layers.catalogue.shared import STAFF, STAFF_OF_TOWNSHIP

OWN_JOBS = "case when key_id is null then id = wangge.asked_job() else key_id = wangge.asking_key() end"
"""A key's jobs are seen by that key; one of the public by whoever knows its id, and no list ever shows it."""

OWN_DENSITY = f"audience = 'public' or ({STAFF} and (select wangge.asking_township()) is null)"
"""Maps made from exact places are for staff of the whole city."""

SUPPORTING_RULES = {"case_counts": STAFF_OF_TOWNSHIP, "density_maps": OWN_DENSITY, "jobs": OWN_JOBS}
"""Tables that no collection shows but the service reads, with their row rule."""


def row_rules() -> dict[str, str]:
    """Row rule in SQL by table name; a row that fails it does not exist for the service's login."""
    return {layer.table: layer.row_rule for layer in CATALOGUE.values()} | SUPPORTING_RULES


def apply_grants(cur: Cursor) -> None:
    """Let the service read every layer through its row rule, and nothing else of these tables.

    Parameters
    ----------
    cur : cursor
        Of the owner, inside the migration's transaction: no moment passes without a rule.
    """
    for table, rule in row_rules().items():
        name = sql.Identifier("wangge", table)
        cur.execute(sql.SQL("revoke all on {} from public, wangge_api").format(name))
        cur.execute(sql.SQL("grant select on {} to wangge_api").format(name))
        cur.execute(sql.SQL("alter table {} enable row level security").format(name))
        cur.execute(sql.SQL("drop policy if exists reading on {}").format(name))
        cur.execute(
            sql.SQL("create policy reading on {} for select to wangge_api using ({})").format(name, sql.SQL(rule))
        )
