"""The hot routes of features: from the query builder straight to the socket."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson

from config.web.http import Answer, Request, matches, takes_gzip
from config.web.items_links import GEOJSON, ItemsLinks
from geo.crs import CRS84_URI
from geo.errors import Forbidden, InvalidInput, NeedsKey, NotFound
from layers.cache import BytesCache, Recent
from layers.catalogue.catalogue import CATALOGUE
from layers.catalogue.layer import Layer
from layers.changes.edits import tag_of
from layers.features.items_request import PROFILES, ItemsRequest, parse_items_request
from layers.features.jsonfg_text import collection_members, root_members
from layers.identity import current
from layers.sight import sight_of
from layers.store import Store

_ITEM_PARAMETERS = {"f", "crs", "lang", "profile", "properties", "skipGeometry"}
_LARGE = 100_000


def readable_layer(id_: str) -> Layer:
    """The layer of that id, if the current identity may read it.

    Raises
    ------
    NotFound
        When there is none.
    NeedsKey, Forbidden
        When it is not for the public, or not for this key: an empty answer would look like an empty city.
    """
    layer = CATALOGUE.get(id_)
    if layer is None:
        raise NotFound("app.collection", layer=id_[:100])
    if not current().reaches(layer.readers):
        if current().role == "public":
            raise NeedsKey("key.needed", layer=id_)
        raise Forbidden("key.not-enough", layer=id_, role=layer.readers)
    return layer


class ItemsRoutes:
    """Pages of features and single ones as GeoJSON.

    Parameters
    ----------
    store : Store
        Where they come from.
    base_url : str
        Address that links begin with.
    """

    def __init__(self, store: Store, base_url: str) -> None:
        self._store = store
        self._base = base_url
        self._parsed: Recent[tuple[str, str, int, bool, bool], ItemsRequest] = Recent(2000)
        self._links = ItemsLinks(base_url)
        self._pages = BytesCache(128 * 1024 * 1024)
        self._packed: Recent[tuple[object, ...], tuple[bytes, Any]] = Recent(60)
        self._large: Recent[tuple[object, ...], bool] = Recent(500)

    def parse(self, layer: Layer, request: Request, *, jsonfg: bool = False) -> ItemsRequest:
        """The page that a request asks for; one query string is read once."""
        metric = self._store.city().metric_srid
        key = (layer.id, request.query, metric, handling(request) == "lenient", jsonfg)
        known = self._parsed.get(key)
        if known is None:
            known = parse_items_request(layer, request.params, metric_srid=metric, lenient=key[3])
            if jsonfg and known.profile == PROFILES[0]:
                known = replace(known, profile="jsonfg")
            self._parsed.put(key, known)
        return known

    def page(self, layer: Layer, request: Request, *, jsonfg: bool = False) -> Answer:
        """``/collections/{id}/items``, with ``jsonfg`` as JSON-FG whatever the query says of a profile."""
        asked = self.parse(layer, request, jsonfg=jsonfg)
        profile = asked.profile
        headers = [*self._headers(layer, asked, request), ("Link", self._links.header(layer, request, profile))]
        key = (
            layer.id,
            request.query,
            profile,
            sight_of(layer),
            request.language,
            handling(request),
            takes_gzip(request),
        )
        if self._large.get(key) or request.header("If-None-Match"):
            # the version is read anew for each request, so what is kept is sent only while it is true
            etag = page_etag(layer, self._store.features.version(layer), request, profile)
            if matches(request, etag):
                return Answer(b"", "", 304, [*headers, ("ETag", etag)])
            kept = self._packed.get((key, etag)) or (self._pages.get((key, etag)), None)
            if kept[0] is not None:
                return _dated(kept[0], kept[1], [*headers, ("ETag", etag)])
        page = self._store.features.page(layer, asked)
        links = self._links.of_page(layer, request, page.next_cursor, profile)
        members = {} if profile == PROFILES[0] else collection_members(layer, asked.crs, self._schema(layer))
        # the time of the answer comes last, so that all before it can be kept
        front = b"".join(
            (
                b'{"type":"FeatureCollection",',
                orjson.dumps(members)[1:-1] + b"," if members else b"",
                b'"features":[',
                b",".join(page.features),
                b'],"numberMatched":%d,"numberReturned":%d,"links":' % (page.matched, len(page.features)),
                orjson.dumps(links),
                b',"timeStamp":"',
            )
        )
        fresh = page_etag(layer, page.version, request, profile)
        headers.append(("ETag", fresh))
        if len(front) <= _LARGE:
            return _dated(front, None, headers)
        # to join and pack the whole city takes longer than to find it, and whoever opens it asks for the same
        self._large.put(key, True)
        if not takes_gzip(request):
            self._pages.put((key, fresh), front)
            return _dated(front, None, headers)
        packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        front = packer.compress(front) + packer.flush(zlib.Z_SYNC_FLUSH)
        self._packed.put((key, fresh), (front, packer))
        return _dated(front, packer, headers)

    def item(self, layer: Layer, id_: str, request: Request, *, jsonfg: bool = False) -> Answer:
        """``/collections/{id}/items/{featureId}``."""
        taken = _ITEM_PARAMETERS.union(layer.parameters)
        unknown = set(request.params) - taken
        if unknown and handling(request) != "lenient":
            raise InvalidInput("query.parameter", parameter=min(unknown), known=", ".join(sorted(taken)))
        asked = self.parse(layer, request, jsonfg=jsonfg)
        text, version, row_version = self._store.features.one(layer, id_, asked)
        # what is written is held against the row's own version: another grid that changes is no reason to refuse
        plain = layer.writers is not None and not jsonfg
        etag = tag_of(row_version) if plain else page_etag(layer, version, request, asked.profile)
        headers = [*self._headers(layer, asked, request), ("ETag", etag)]
        if matches(request, etag):
            return Answer(b"", "", 304, headers)
        more: dict[str, Any] = {"links": self._links.of_item(layer, id_, request, asked.profile)}
        if asked.profile != PROFILES[0]:
            more |= root_members(layer, asked.crs, self._schema(layer))
        return Answer(text[:-1] + b"," + orjson.dumps(more)[1:], GEOJSON, 200, headers)

    def _schema(self, layer: Layer) -> str:
        return f"{self._base}/collections/{layer.id}/schema"

    @staticmethod
    def _headers(layer: Layer, asked: ItemsRequest, request: Request) -> list[tuple[str, str]]:
        headers = [("Content-Crs", f"<{asked.crs or CRS84_URI}>"), ("Cache-Control", cache_control(layer))]
        preference = handling(request)
        return [*headers, ("Preference-Applied", f"handling={preference}")] if preference else headers


def _dated(front: bytes, packer: Any, headers: list[tuple[str, str]]) -> Answer:
    """A page with the time of this answer at its end; a packed front goes on where its packer stood."""
    end = datetime.now(UTC).strftime('%Y-%m-%dT%H:%M:%SZ"}').encode()
    if packer is None:
        return Answer(front + end, GEOJSON, 200, headers)
    rest = packer.copy()
    return Answer(front + rest.compress(end) + rest.flush(), GEOJSON, 200, headers, zipped=True)


def cache_control(layer: Layer) -> str:
    """Ask again before each use: a 304 is cheap and a border that moved must be seen at once."""
    return "public, no-cache" if layer.row_rule == "true" else "private, no-cache"


def handling(request: Request) -> str | None:
    """``strict`` or ``lenient`` from the header Prefer; None where it says nothing of it.

    Raises
    ------
    InvalidInput
        For any other word.
    """
    sent = request.environ.get("HTTP_PREFER")
    if not sent:
        return None
    found = re.search(r"handling\s*=\s*\"?([A-Za-z]+)", sent)
    if found is None:
        return None
    if found[1].lower() not in ("strict", "lenient"):
        raise InvalidInput("app.prefer")
    return found[1].lower()


def page_etag(layer: Layer, version: int, request: Request, form: str) -> str:
    """Weak, since a page carries the time at which it was made; one a version, scope of sight, form and address."""
    return f'W/"{version:x}-{sight_of(layer)}-{request.language}-{form}"'
