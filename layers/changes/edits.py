"""Writing the working copy: one grid or several in a transaction, as the asker's change set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from psycopg2.extensions import cursor as Cursor

from geo.crs import STORED_SRID
from geo.errors import Conflict, InvalidInput, NotFound
from layers.catalogue.changes import GRID_EDITS
from layers.changes.sent_feature import WRITTEN, SentFeature
from layers.database.database import execute

_DEFAULT_KIND = "social"
_SET = "select wangge.writable_set()"
_KNOWN = "select xmin from wangge.grid_edits where id = %s"
_GROUND = f"st_geomfromwkb(%s, {STORED_SRID})"
_CHANGE = f"select change_set, version from wangge.change_grid(%s, %s, {_GROUND})"  # noqa: S608 - our own words
_VILLAGE = f"select wangge.village_of({_GROUND})"
_DELETE = "delete from wangge.grid_edits where id = %s"


@dataclass(frozen=True)
class Written:
    """What a write made.

    Attributes
    ----------
    change_set : int
        Where it is kept.
    id : str
        Of the grid in the working copy.
    tag : str or None
        Version of its row, quoted as an ETag; None for one that was deleted.
    """

    change_set: int
    id: str
    tag: str | None


def tag_of(row_version: str) -> str:
    """A row's version as an ETag: strong, since it names one state of one grid."""
    return f'"{row_version}"'


def lock_set(cur: Cursor) -> int:
    """Number of the set that is written to, opened where there is none; locked until the transaction ends.

    Parameters
    ----------
    cur : cursor
        In the asker's transaction.
    """
    execute(cur, _SET)
    (number,) = cur.fetchone() or (0,)
    return int(number)


def create(cur: Cursor, sent: SentFeature) -> Written:
    """Add a grid; its id is the service's.

    Raises
    ------
    InvalidInput
        When it has no polygon.
    """
    if sent.geometry is None:
        raise InvalidInput("edit.no-geometry")
    number = lock_set(cur)
    columns = {**sent.values, "geom": _shape(sent.geometry)}
    execute(
        cur,
        f"insert into wangge.grid_edits ({', '.join(columns)}) values ({', '.join(map(_mark, columns))})"  # noqa: S608 - the catalogue's names
        " returning id, xmin",
        list(columns.values()),
    )
    id_, version = cur.fetchone() or ("", "")
    return Written(number, id_, tag_of(version))


def replace(cur: Cursor, id_: str, sent: SentFeature, if_match: str = "") -> Written:
    """Put a whole grid in the place of one: what it does not name is emptied, and its village is where it lies.

    Raises
    ------
    NotFound, InvalidInput, Conflict
        When there is none, it has no polygon, or it is not the version that was asked for.
    """
    if sent.geometry is None:
        raise InvalidInput("edit.no-geometry")
    values = {field.name: sent.values.get(field.name) for field in WRITTEN}
    if values["village_code"] is None:
        execute(cur, _VILLAGE, (_shape(sent.geometry),))
        ((values["village_code"],),) = cur.fetchall()
    return _update(cur, id_, values, sent.geometry, if_match)


def patch(cur: Cursor, id_: str, sent: SentFeature, if_match: str = "") -> Written:
    """Change what is named of a grid; errors as those of `replace`."""
    if sent.says_geometry and sent.geometry is None:
        raise InvalidInput("edit.no-geometry")
    return _update(cur, id_, sent.values, sent.geometry, if_match)


def delete(cur: Cursor, id_: str, if_match: str = "") -> Written:
    """Take a grid away; errors as those of `replace`."""
    number = lock_set(cur)
    require_match(cur, id_, if_match)
    execute(cur, _DELETE, (id_,))
    if cur.rowcount != 1:
        raise NotFound("query.no-feature", id=id_[:100], layer=GRID_EDITS.id)
    return Written(number, id_, None)


def apply_batch(cur: Cursor, batch: Sequence[SentFeature], deleted: Sequence[str]) -> list[Written]:
    """Many grids at once: one without a known id is added, one with it replaced; then those deleted that are named."""
    written = []
    for sent in batch:
        known = sent.id is not None and _version(cur, sent.id) is not None
        written.append(replace(cur, str(sent.id), sent) if known else create(cur, sent))
    return [*written, *(delete(cur, id_) for id_ in deleted)]


def require_match(cur: Cursor, id_: str, if_match: str) -> None:
    """See that the row is in the version that the header If-Match names; empty asks for nothing.

    Raises
    ------
    NotFound, Conflict
        When there is no such grid, or it has changed.
    """
    if not if_match:
        return
    version = _version(cur, id_)
    if version is None:
        raise NotFound("query.no-feature", id=id_[:100], layer=GRID_EDITS.id)
    tags = [part.strip() for part in if_match.split(",")]
    if "*" not in tags and tag_of(version) not in tags:
        raise Conflict("edit.changed", id=id_)


def _version(cur: Cursor, id_: str) -> str | None:
    if "\x00" in id_:
        return None
    execute(cur, _KNOWN, (id_,))
    row = cur.fetchone()
    return None if row is None else str(row[0])


def _update(
    cur: Cursor, id_: str, values: dict[str, Any], geometry: shapely.MultiPolygon | None, if_match: str
) -> Written:
    if if_match:
        # what is compared must not change before it is written
        lock_set(cur)
        require_match(cur, id_, if_match)
    columns = dict(values)
    if "kind" in columns and columns["kind"] is None:
        columns["kind"] = _DEFAULT_KIND
    if not (columns or geometry) or "\x00" in id_:
        number, version = lock_set(cur), _version(cur, id_)
    else:
        execute(cur, _CHANGE, (id_, json.dumps(columns), None if geometry is None else _shape(geometry)))
        ((number, version),) = cur.fetchall()
    if version is None:
        raise NotFound("query.no-feature", id=id_[:100].replace("\x00", " "), layer=GRID_EDITS.id)
    return Written(number, id_, tag_of(version))


def _mark(name: str) -> str:
    return _GROUND if name == "geom" else "%s"


def _shape(geometry: shapely.MultiPolygon) -> memoryview:
    return memoryview(shapely.to_wkb(geometry, output_dimension=2))
