"""Measures how complete the data are that the catalogue lists: layers from their rows, the rest from deliveries."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg2.extensions import cursor as Cursor

from geo.completeness import COARSE_BELOW, Measure, freshness
from layers.catalogue.cases import CASES
from layers.catalogue.catalogue import CATALOGUE, RASTERS
from layers.catalogue.layer import Layer
from layers.database.sqltext import Sql, all_of, cast, name
from layers.features.items_request import ItemsRequest
from layers.features.moments import day_start
from layers.features.query import conditions, source
from layers.heat.heat_request import HEAT

_DEFAULT_CYCLE = "month"
"""Of a layer that is no base data item."""

_OF_CASES = frozenset({CASES.id, HEAT})
"""Layers of cases: what everybody is told of their number is what was released. Totals that follow the cases, noted at
each month's end, would help to work out what a release hides; of the newest case the day alone is told.
"""


@dataclass
class Measured:
    """A record's measure, whole and by township.

    Attributes
    ----------
    id : str
        Of the record.
    whole : Measure
        Of all its rows.
    townships : dict of str to Measure
        By 9-digit code; empty for data that no township delivers.
    delivered_at : datetime or None
        When the data were last renewed.
    counted : bool
        Whether it may be told how many rows there are.
    """

    id: str
    whole: Measure
    townships: dict[str, Measure] = field(default_factory=dict)
    delivered_at: datetime | None = None
    counted: bool = True


def measure_records(cur: Cursor, layer: str | None = None) -> list[Measured]:
    """Measure every record, or those of one layer, and keep the figures.

    Parameters
    ----------
    cur : cursor
        In a transaction of an administrator, who alone may keep them; what is counted is what row-level security lets
        this asker see, which is everything.
    layer : str, optional
        Id of the only layer whose records are measured.

    Raises
    ------
    psycopg2.errors.InsufficientPrivilege
        When somebody else asks.
    """
    cur.execute("select now(), array(select code from wangge.todays_divisions where level = 'township' order by code)")
    now, townships = cur.fetchall()[0]
    cur.execute(
        "select id, code, layer, only_field, only_value, required, cycle from wangge.records"
        " where type <> 'series' and (%s::text is null or layer = %s::text) order by id",
        (layer, layer),
    )
    found = [_measured(cur, row, now) for row in cur.fetchall() if row[2] not in RASTERS]
    for one in found:
        if one.townships:
            # a township that has nothing of what others deliver has 0 of it
            one.townships = {code: Measure(0) for code in townships} | one.townships
    cur.execute("select wangge.keep_measures(%s::jsonb)", (json.dumps([_document(one) for one in found]),))
    _keep_aspects(cur)
    return found


def _measured(cur: Cursor, row: tuple[Any, ...], now: datetime) -> Measured:
    id_, code, layer_id, only_field, only_value, required, cycle = row
    layer = CATALOGUE.get(layer_id) if layer_id else None
    if layer is None:
        return _delivered(cur, id_, code, cycle, now)
    statement = layer_statement(layer, required, (only_field, only_value) if only_field else None)
    cur.execute(statement.text, statement.values)
    rows = cur.fetchall()
    renewed = next((row[5] for row in rows if row[0]), None) or _changed(cur, layer)
    of_cases = layer.id in _OF_CASES
    if of_cases and renewed is not None:
        renewed = day_start(renewed)
    measured = Measured(id_, Measure(0), delivered_at=renewed, counted=not of_cases)
    for whole, township, count, filled, valid, latest in rows:
        moment = day_start(latest) if of_cases and latest is not None else latest or renewed
        fresh = freshness((now - moment).total_seconds() / 86_400, cycle or _DEFAULT_CYCLE) if moment else 0.0
        part = Measure(count, float(filled or 0), fresh if count else 0.0, None if valid is None else float(valid))
        if whole:
            measured.whole = part
        elif township:
            measured.townships[township] = part
    if not measured.whole.count:
        measured.delivered_at = None
    return measured


def layer_statement(layer: Layer, required: Iterable[str], only: tuple[str, str] | None) -> Sql:
    """Statement of what is counted in a layer, as a whole and by township where it knows townships.

    Columns are whether the row is the whole, the township, the count, the share of required fields that are filled,
    the share of valid geometries, and the newest moment of the data where their time is an instant.
    """
    fields = [found for found in required if layer.field(found)]
    filled = " + ".join(f"(nullif({name(column)}::text, '') is not null)::integer" for column in fields) or "0"
    township = "township_code" if layer.field("township_code") else "null::text"
    instant = layer.field(layer.time[0]) if len(layer.time) == 1 else None
    latest = "null::timestamptz"
    if instant is not None:
        latest = f"{name(instant.name)}::timestamptz"
    # a row of a sum that is made anew for each request has no place that could be wrong
    valid = "null::boolean" if layer.id == HEAT else "geom is not null and not st_isempty(geom) and st_isvalid(geom)"
    spread = ItemsRequest(sortby=(("month", False),)) if layer.id == HEAT else ItemsRequest()
    found = conditions(layer, spread)
    if only is not None and (field_ := layer.field(only[0])) is not None:
        found.append(Sql(f"{name(only[0])} =") + cast(only[1], field_.type))
    rows = (
        Sql(f"select {township} as township, ({filled})::double precision / {max(len(fields), 1)} as filled,")
        + Sql(f"({valid}) as valid, {latest} as latest from")
        + source(layer, spread)
        + all_of(found)
    )
    share = "avg(filled)" if fields else "1"
    return (
        Sql(f"select grouping(township) = 1, township, count(*), {share}, avg(valid::integer), max(latest) from (")
        + rows
        + Sql(") as counted group by grouping sets ((), (township))")
    )


def _changed(cur: Cursor, layer: Layer) -> datetime | None:
    """When a layer was last changed: its version is made from the clock, in microseconds."""
    cur.execute("select to_timestamp(version / 1e6) from wangge.layer_versions where layer = %s", (layer.id,))
    rows = cur.fetchall()
    return rows[0][0] if rows else None


def _delivered(cur: Cursor, id_: str, code: str | None, cycle: str | None, now: datetime) -> Measured:
    """What the newest deliveries of an item hold: one of the whole city, or one of each township together."""
    cur.execute(
        "select distinct on (township_code) township_code, delivered_at, count, filled, valid"
        " from wangge.item_deliveries where item_code = %s order by township_code, delivered_at desc, id desc",
        (code,),
    )
    parts: dict[str | None, Measure] = {}
    newest: dict[str | None, datetime] = {}
    for township, moment, count, filled, valid in cur.fetchall():
        fresh = freshness((now - moment).total_seconds() / 86_400, cycle or _DEFAULT_CYCLE)
        parts[township] = Measure(count, filled, fresh, valid)
        newest[township] = moment
    if not parts:
        return Measured(id_, Measure(0))
    townships = {township: part for township, part in parts.items() if township is not None}
    if None in parts and all(newest[None] >= newest[township] for township in townships):
        return Measured(id_, parts[None], {}, newest[None])
    return Measured(id_, _together(list(townships.values())), townships, max(newest[one] for one in townships))


def _together(parts: list[Measure]) -> Measure:
    """Townships as one: shares by their rows."""
    count = sum(part.count for part in parts)
    if not count:
        return Measure(0)

    def share(values: list[tuple[float, int]]) -> float:
        return sum(value * rows for value, rows in values) / sum(rows for _, rows in values)

    valid = [(part.valid, part.count) for part in parts if part.valid is not None and part.count]
    return Measure(
        count,
        share([(part.filled, part.count) for part in parts]),
        share([(part.fresh, part.count) for part in parts]),
        share(valid) if valid else None,
    )


def _document(measured: Measured) -> dict[str, Any]:
    """A measure as `wangge.keep_measures` takes it: what everybody may read is coarse where it is of few rows."""
    shown = measured.whole.coarse()
    return {
        "id": measured.id,
        # of few rows not even how many there are
        "count": None if shown.count and (not measured.counted or shown.count < COARSE_BELOW) else shown.count,
        "filled": _percent(shown.filled),
        "fresh": _percent(shown.fresh),
        "valid": None if shown.valid is None else _percent(shown.valid),
        "completeness": _percent(shown.completeness),
        "delivered_at": measured.delivered_at.isoformat() if measured.delivered_at else None,
        "townships": [
            {
                "township_code": township,
                "count": part.count,
                "filled": part.filled,
                "fresh": part.fresh,
                "valid": part.valid,
                "completeness": part.completeness,
            }
            for township, part in measured.townships.items()
        ],
    }


def _keep_aspects(cur: Cursor) -> None:
    """An aspect is the mean of its items as they are told: nothing can be taken from it that they hide."""
    cur.execute("select id, aspect_code from wangge.records where type = 'series'")
    aspects = dict(cur.fetchall())
    cur.execute(
        "select aspect_code, avg(coalesce(completeness, 0)), avg(coalesce(filled, 0)), avg(coalesce(fresh, 0)),"
        " avg(valid), max(delivered_at) from wangge.records where type = 'dataset' group by aspect_code"
    )
    means: defaultdict[str, tuple[Any, ...]] = defaultdict(lambda: (0, 0, 0, None, None))
    for code, *row in cur.fetchall():
        means[code] = tuple(row)
    documents = []
    for id_, code in aspects.items():
        completeness, filled, fresh, valid, delivered = means[code]
        documents.append(
            {
                "id": id_,
                "count": None,
                "filled": round(float(filled), 1),
                "fresh": round(float(fresh), 1),
                "valid": None if valid is None else round(float(valid), 1),
                "completeness": round(float(completeness), 1),
                "delivered_at": delivered.isoformat() if delivered else None,
                "townships": [],
            }
        )
    cur.execute("select wangge.keep_measures(%s::jsonb)", (json.dumps(documents),))


def _percent(share: float) -> float:
    return round(share * 100, 1)
