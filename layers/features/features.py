"""Features of a layer as the current identity may see them: pages, single ones, counts and extents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import psycopg2

from geo.errors import InvalidInput, NotFound
from layers.cache import BytesCache, Recent
from layers.catalogue.layer import Layer
from layers.database.database import Database
from layers.database.sqltext import Sql
from layers.database.versions import version_name
from layers.features.feature_text import features_statement, variant
from layers.features.items_request import ItemsRequest, cursor_text
from layers.features.query import bounds_statement, count_statement, days_statement, id_statement, ids_statement
from layers.heat.heat_request import HEAT, heat_request, request_of_id
from layers.sight import sight_of

_TEXT_CACHE_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True)
class Page:
    """Features of one page.

    Attributes
    ----------
    features : list of bytes
        GeoJSON text of each, UTF-8.
    matched : int
        Features on all pages together, exactly.
    next_cursor : str or None
        Where the next page begins; None on the last.
    version : int
        Version of the layer that the page was read at.
    """

    features: list[bytes]
    matched: int
    next_cursor: str | None
    version: int


@dataclass(frozen=True)
class Bounds:
    """Where and when a layer's features lie.

    Attributes
    ----------
    box : tuple of float or None
        West, south, east, north in degrees; None for no features.
    times : tuple of (str or None)
        First and last moment or day as text; None where open.
    count : int
        Features that the identity sees.
    days : tuple of str
        Of a layer that is dated, the days on which it became another one, ``YYYY-MM-DD``, in order.
    """

    box: tuple[float, float, float, float] | None
    times: tuple[str | None, str | None]
    count: int
    days: tuple[str, ...] = ()


class Features:
    """Reads features of one database.

    PostgreSQL says which rows a request has and in which version each stands (its ``xmin``); the text of a row version
    never changes, so it is kept and joined here, and a page of known rows costs no more than the look-up of their
    numbers. Row-level security decides in every request: a text is used only for a row number that the database has
    just given this identity.

    Parameters
    ----------
    database : Database
        Logged in as the service.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._texts = BytesCache(_TEXT_CACHE_BYTES)
        self._counts: Recent[tuple[Any, ...], int] = Recent(2000)
        self._bounds: Recent[tuple[Any, ...], Bounds] = Recent(200)
        self._seen: dict[str, int] = {}

    def page(self, layer: Layer, request: ItemsRequest) -> Page:
        """One page.

        Raises
        ------
        InvalidInput
            When a value of the request is none that PostgreSQL can hold.
        """
        if request.hits_only:
            version = self.version(layer)
            return Page([], self._count(layer, request, version), None, version)
        known = self._counts.get(_count_key(layer, request, self._seen.get(version_name(layer), 0)))
        rows = self._fetch(ids_statement(layer, request, counting=known is None), prepare=not _placed(request))
        more = len(rows) > request.limit
        shown = rows[: request.limit]
        version = rows[0][2] or 0 if rows else self.version(layer)
        self._seen[version_name(layer)] = version
        if rows and rows[0][3] is not None:
            self._counts.put(_count_key(layer, request, version), int(rows[0][3]))
        if more or request.after is not None or request.offset:
            matched = self._count(layer, request, version)
        else:
            matched = len(rows)
        after = None
        if more:
            last = shown[-1]
            after = cursor_text((*(_text(key) for key in last[4:]), last[0]))
        return Page(self._feature_texts(layer, request, shown), matched, after, version)

    def one(self, layer: Layer, id_: str, request: ItemsRequest) -> tuple[bytes, int, str]:
        """GeoJSON text of one feature, the version of the layer, and that of the feature's row.

        Raises
        ------
        NotFound
            When there is none of that id, or none that the identity sees.
        """
        if layer.id == HEAT:
            request = request_of_id(id_, request)
        rows = [] if "\x00" in id_ else self._fetch(id_statement(layer, id_, request))
        texts = self._feature_texts(layer, request, rows)
        if not texts:
            raise NotFound("query.no-feature", id=id_[:100], layer=layer.id)
        return texts[0], rows[0][2] or 0, _text(rows[0][1]) or ""

    def version(self, layer: Layer) -> int:
        """Version of a layer as the database has it now; 0 before its first change."""
        name = version_name(layer)
        rows = self._fetch(Sql("select version from wangge.layer_versions where layer = %s::text", (name,)))
        return rows[0][0] if rows else 0

    def bounds(self, layer: Layer) -> Bounds:
        """Where and when the features lie that the identity sees."""
        key = (layer.id, sight_of(layer), self.version(layer))
        known = self._bounds.get(key)
        if known is None:
            *box, first, last = self._fetch(bounds_statement(layer))[0]
            count = self._count(layer, ItemsRequest(), key[2])
            spot = None if box[0] is None else (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
            days = tuple(str(_text(day)) for (day,) in self._fetch(days_statement(layer))) if layer.dated else ()
            known = Bounds(spot, (_text(first), _text(last)), count, days)
            self._bounds.put(key, known)
        return known

    def _count(self, layer: Layer, request: ItemsRequest, version: int) -> int:
        """Counted once for each version of the layer, filter and scope of sight; exact, since a change makes a new
        version.
        """
        key = _count_key(layer, request, version)
        known = self._counts.get(key)
        if known is None:
            known = int(self._fetch(count_statement(layer, request), prepare=not _placed(request))[0][0])
            self._counts.put(key, known)
        return known

    def _feature_texts(self, layer: Layer, request: ItemsRequest, rows: list[tuple[Any, ...]]) -> list[bytes]:
        """Texts of rows, in their order; a row that was deleted in between is left out."""
        kind = variant(layer, request)
        get = self._texts.get
        texts = [get((kind, row[0], row[1])) for row in rows]
        missing = [row[0] for row, text in zip(rows, texts, strict=True) if text is None]
        if missing:
            fresh = {}
            for fid, xmin, text in self._fetch(features_statement(layer, request, missing)):
                fresh[fid] = text
                self._texts.put((kind, fid, xmin), text)
            texts = [fresh.get(row[0]) if text is None else text for row, text in zip(rows, texts, strict=True)]
        return [text for text in texts if text is not None]

    def _fetch(self, statement: Sql, *, prepare: bool = True) -> list[tuple[Any, ...]]:
        try:
            return self._database.fetch(statement.text, statement.values, prepare=prepare)
        except psycopg2.errors.QueryCanceled as error:
            raise InvalidInput("query.too-long") from error
        except (psycopg2.DataError, psycopg2.errors.InternalError_) as error:
            raise InvalidInput("query.data", reason=str(error).splitlines()[0][:200]) from error


def _count_key(layer: Layer, request: ItemsRequest, version: int) -> tuple[Any, ...]:
    """What a count hangs on: the layer's version, who asks, and what every page of the request has in common."""
    same = replace(
        request,
        after=None,
        offset=0,
        limit=1,
        sortby=(),
        properties=None,
        geometry=True,
        crs="",
        hits_only=False,
        profile="",
    )
    rows = heat_request(request) if layer.id == HEAT else None
    # by its text: the values of a filter may be lists, which can't be a key
    return layer.id, sight_of(layer), version, repr(same), rows


def _placed(request: ItemsRequest) -> bool:
    """Whether the best plan hangs on where the request looks, so that it must be planned anew."""
    return (
        request.bbox is not None or bool(request.condition and request.condition.spatial) or request.period is not None
    )


def _text(value: object) -> str | None:
    if value is None:
        return None
    return value.decode() if isinstance(value, bytes) else str(value)
