"""Completeness as it was last measured: by aspect for everybody, by township for staff."""

from __future__ import annotations

from typing import Any

from layers.database.database import Database
from layers.database.sqltext import Sql


def completeness_summary(database: Database) -> dict[str, Any]:
    """What the asker may see of the figures that are kept.

    Returns
    -------
    dict
        ``items`` and ``delivered`` (numbers of base data items), ``completeness`` (mean of all of them, in percent),
        ``measured_at``, and lists ``aspects``, ``layers`` and ``townships``, each entry with ``code``, ``title``,
        ``title_en`` and ``completeness``. Townships are those that a key of staff sees; an item that a township has
        nothing of counts as 0 there, one that no township delivers does not count.
    """
    whole = _rows(
        database,
        "select count(*), count(*) filter (where completeness > 0), coalesce(avg(coalesce(completeness, 0)), 0),"
        " max(measured_at)::text from wangge.records where type = 'dataset'",
    )[0]
    aspects = _rows(
        database,
        "select series.aspect_code, series.title, series.title_en, series.completeness, count(items.id),"
        " count(items.id) filter (where items.completeness > 0)"
        " from wangge.records as series"
        " left join wangge.records as items on items.type = 'dataset' and items.aspect_code = series.aspect_code"
        " where series.type = 'series' group by 1, 2, 3, 4 order by 1",
    )
    layers = _rows(
        database,
        "select layer, title, title_en, completeness from wangge.records where type = 'collection' order by fid",
    )
    townships = _rows(
        database,
        "select divisions.code, divisions.name, divisions.name, 100 * avg(completeness), count(*)"
        " from wangge.completeness join wangge.todays_divisions as divisions on divisions.code = township_code"
        " where record_id like %s::text group by 1, 2 order by 1",
        "item-%",
    )
    return {
        "items": whole[0],
        "delivered": whole[1],
        "completeness": round(float(whole[2]), 1),
        "measured_at": whole[3],
        "aspects": [{**_entry(row), "items": row[4], "delivered": row[5]} for row in aspects],
        "layers": [_entry(row) for row in layers],
        "townships": [{**_entry(row), "items": row[4]} for row in townships],
    }


def _entry(row: tuple[Any, ...]) -> dict[str, Any]:
    return {"code": row[0], "title": row[1], "title_en": row[2], "completeness": round(float(row[3] or 0), 1)}


def _rows(database: Database, text: str, *values: object) -> list[tuple[Any, ...]]:
    statement = Sql(text, values)
    rows = database.fetch(statement.text, statement.values)
    return [tuple(value.decode() if isinstance(value, bytes) else value for value in row) for row in rows]
