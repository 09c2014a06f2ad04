"""The list of base data items: read from a table, written as records with their aspects."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor

from geo.completeness import CYCLE_DAYS
from geo.errors import InvalidInput
from layers.catalogue.catalogue import CATALOGUE, RASTERS
from layers.catalogue.layer import Layer
from layers.catalogue.raster import Raster
from layers.records.words import words_of

_FILLED = ("code", "aspect_code", "aspect", "aspect_en", "title", "title_en", "department", "cycle")
COLUMNS = (*_FILLED, "layer", "only", "required")
"""Columns of the table: ``only`` is ``field=value`` for an item that is a part of a layer; ``required`` are fields,
parted by semicolons."""


@dataclass(frozen=True)
class DataItem:
    """A base data item as the city lists it; see `COLUMNS`."""

    code: str
    aspect_code: str
    aspect: str
    aspect_en: str
    title: str
    title_en: str
    department: str
    cycle: str
    layer: str | None
    only: tuple[str, str] | None
    required: tuple[str, ...]


def read_items(text: str) -> list[DataItem]:
    """Items of a CSV table, all of them or none.

    Raises
    ------
    InvalidInput
        Naming the row and what is wrong with it.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise InvalidInput("records.columns", missing=", ".join(missing))
    items: list[DataItem] = []
    for number, row in enumerate(reader, 2):
        items.append(_item(row, number))
    codes = [item.code for item in items]
    if twice := next((code for code in codes if codes.count(code) > 1), None):
        raise InvalidInput("records.twice", code=twice)
    if not items:
        raise InvalidInput("records.none")
    return items


def _item(row: dict[str, str], number: int) -> DataItem:
    row = {name: (row.get(name) or "").strip() for name in COLUMNS}
    empty = next((name for name in _FILLED if not row[name]), None)
    if empty:
        raise InvalidInput("records.empty", row=number, column=empty)
    if row["cycle"] not in CYCLE_DAYS:
        raise InvalidInput("records.cycle", row=number, value=row["cycle"], cycles=", ".join(CYCLE_DAYS))
    required = tuple(name for name in row["required"].split(";") if name)
    field, _, value = row["only"].partition("=")
    layer = CATALOGUE.get(row["layer"])
    if row["layer"] and layer is None:
        raise InvalidInput("records.layer", row=number, layer=row["layer"], layers=", ".join(CATALOGUE))
    if layer is not None:
        unknown = next((name for name in (*required, *([field] if field else [])) if layer.field(name) is None), None)
        if unknown is not None:
            raise InvalidInput("records.field", row=number, field=unknown, layer=layer.id)
    return DataItem(
        code=row["code"],
        aspect_code=row["aspect_code"],
        aspect=row["aspect"],
        aspect_en=row["aspect_en"],
        title=row["title"],
        title_en=row["title_en"],
        department=row["department"],
        cycle=row["cycle"],
        layer=row["layer"] or None,
        only=(field, value) if field else None,
        required=required,
    )


def write_items(cur: Cursor, items: list[DataItem], source: str) -> None:
    """Put a list of items in the place of the one there is; deliveries to items that are still listed stay.

    Parameters
    ----------
    cur : cursor
        Of the owner, in a database that has its city.
    source : str
        Where the list is from.

    Raises
    ------
    InvalidInput
        When there is no city yet.
    """
    cur.execute("select count(*) from wangge.city")
    if not cur.fetchall()[0][0]:
        raise InvalidInput("records.no-city")
    aspects = {item.aspect_code: (item.aspect, item.aspect_en) for item in items}
    ids = [f"item-{item.code}" for item in items] + [f"aspect-{code}" for code in aspects]
    cur.execute("delete from wangge.records where type in ('dataset', 'series') and id <> all(%s::text[])", (ids,))
    for code, (title, title_en) in aspects.items():
        _write(cur, id=f"aspect-{code}", type="series", title=title, title_en=title_en, aspect_code=code, aspect=title,
               source=source, words=words_of([title, title_en]))  # fmt: skip
    for item in items:
        texts = [item.title, item.title_en, item.aspect, item.aspect_en, item.department]
        _write(
            cur, id=f"item-{item.code}", type="dataset", code=item.code, title=item.title, title_en=item.title_en,
            keywords=[item.aspect], aspect_code=item.aspect_code, aspect=item.aspect, department=item.department,
            source=source, cycle=item.cycle, layer=item.layer, only_field=item.only[0] if item.only else None,
            only_value=item.only[1] if item.only else None, required=list(item.required), words=words_of(texts),
        )  # fmt: skip


def write_layers(cur: Cursor) -> None:
    """Write a record for each layer of the catalogue where one is missing or its words have changed."""
    cur.execute("select id, title, title_en, description, description_en from wangge.records where type = 'collection'")
    known = {row[0]: row[1:] for row in cur.fetchall()}
    cur.execute("select count(*) from wangge.city")
    if not cur.fetchall()[0][0]:
        return
    gone = sorted(set(known) - {f"layer-{id_}" for id_ in (*CATALOGUE, *RASTERS)})
    if gone:
        cur.execute("delete from wangge.records where id = any(%s::text[])", (gone,))
    listed: list[Layer | Raster] = [*CATALOGUE.values(), *RASTERS.values()]
    for layer in listed:
        texts = (layer.title.zh, layer.title.en, layer.description.zh, layer.description.en)
        rows = layer if isinstance(layer, Layer) else None
        if known.get(f"layer-{layer.id}") == texts or (rows and rows.record):
            continue
        _write(
            cur, id=f"layer-{layer.id}", type="collection", title=texts[0], title_en=texts[1], description=texts[2],
            description_en=texts[3], layer=layer.id, source="wangge", required=list(rows.required) if rows else [],
            words=words_of([*texts, layer.id]),
        )  # fmt: skip


def _write(cur: Cursor, **values: object) -> None:
    """Insert or change one record; its place is that of the city."""
    names = list(values)
    columns, marks = ", ".join(names), ", ".join(["%s"] * len(names))
    changed = ", ".join(f"{name} = excluded.{name}" for name in names if name != "id")
    cur.execute(
        f"insert into wangge.records ({columns}, geom)"  # noqa: S608 - names of this module alone
        f" select {marks}, st_envelope(outline) from wangge.city"
        f" on conflict (id) do update set {changed}, geom = excluded.geom, updated = now()",
        list(values.values()),
    )
