"""What tables, views and their columns are, told where QGIS and psql show it: comments written from the catalogue."""

from __future__ import annotations

from typing import Final

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from layers.catalogue.catalogue import CATALOGUE

_KNOWN: Final = """
    select relation.relname, relation.relkind, coalesce(attname, ''), coalesce(description, '')
    from pg_class as relation
    left join lateral (
        select attname, attnum from pg_attribute where attrelid = relation.oid and attnum > 0 and not attisdropped
        union all select '', 0
    ) as part on true
    left join pg_description on objoid = relation.oid and classoid = 'pg_class'::regclass and objsubid = attnum
    where relnamespace = 'wangge'::regnamespace and relkind in ('r', 'p', 'v')
"""
_KINDS: Final = {"r": "table", "p": "table", "v": "view"}


def write_comments(cur: Cursor) -> None:
    """Comment each layer's table or view and its columns in Chinese, where that is not what stands there already.

    Parameters
    ----------
    cur : cursor
        Of the owner.
    """
    wanted = {
        (layer.table, name): text
        for layer in CATALOGUE.values()
        for name, text in (
            ("", f"{layer.title.zh}：{layer.description.zh}"), *((field.name, field.title.zh) for field in layer.fields)
        )
    }  # fmt: skip
    cur.execute(_KNOWN)
    for table, kind, column, told in cur.fetchall():
        text = wanted.get((table, column))
        if text is None or text == told:
            continue
        named = sql.Identifier("wangge", table, column) if column else sql.Identifier("wangge", table)
        what = sql.SQL("column" if column else _KINDS[kind])
        cur.execute(sql.SQL("comment on {} {} is {}").format(what, named, sql.Literal(text)))
