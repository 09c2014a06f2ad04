"""The hot routes of features: from the query builder straight to the socket."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import orjson

from config.web.http import Answer, Request, matches, takes_gzip
from geo.crs import CRS84_URI
from geo.errors import InvalidInput, NeedsKey, NotFound
from layers.cache import BytesCache, Recent
from layers.catalogue.catalogue import CATALOGUE
from layers.catalogue.layer import Layer
from layers.features.items_request import ItemsRequest, parse_items_request
from layers.identity import current
from layers.store import Store
from layers.tiles.tiles import scope_of

GEOJSON = "application/geo+json"
_LARGE = 100_000
_LONGEST_HEADER_LINK = 1_000


def readable_layer(id_: str) -> Layer:
    """The layer of that id, if the current identity may read it.

    Raises
    ------
    NotFound
        When there is none.
    NeedsKey
        When it is not for the public: an empty answer would look like an empty city.
    """
    layer = CATALOGUE.get(id_)
    if layer is None:
        raise NotFound("app.collection", layer=id_[:100])
    if not current().reaches(layer.readers):
        raise NeedsKey("key.needed", layer=id_)
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
        self._parsed: Recent[tuple[str, str, int, bool], ItemsRequest] = Recent(2000)
        self._link_headers: Recent[tuple[str, str], str] = Recent(2000)
        self._pages = BytesCache(128 * 1024 * 1024)
        self._packed: Recent[tuple[object, ...], tuple[bytes, Any]] = Recent(60)
        self._large: Recent[tuple[object, ...], bool] = Recent(500)

    def parse(self, layer: Layer, request: Request) -> ItemsRequest:
        """The page that a request asks for; one query string is read once."""
        metric = self._store.city().metric_srid
        key = (layer.id, request.query, metric, handling(request) == "lenient")
        known = self._parsed.get(key)
        if known is None:
            known = parse_items_request(layer, request.params, metric_srid=metric, lenient=key[3])
            self._parsed.put(key, known)
        return known

    def page(self, layer: Layer, request: Request) -> Answer:
        """``/collections/{id}/items``."""
        asked = self.parse(layer, request)
        headers = [*self._headers(layer, asked, request), ("Link", self._link_header(layer, request))]
        key = (layer.id, request.query, scope_of(layer), request.language, handling(request), takes_gzip(request))
        if self._large.get(key) or request.header("If-None-Match"):
            # the version is read anew for each request, so what is kept is sent only while it is true
            etag = _etag(layer, self._store.features.version(layer), request)
            if matches(request, etag):
                return Answer(b"", "", 304, [*headers, ("ETag", etag)])
            kept = self._packed.get((key, etag)) or (self._pages.get((key, etag)), None)
            if kept[0] is not None:
                return _dated(kept[0], kept[1], [*headers, ("ETag", etag)])
        page = self._store.features.page(layer, asked)
        links = self.links(layer, request, page.next_cursor)
        # the time of the answer comes last, so that all before it can be kept
        front = b"".join(
            (
                b'{"type":"FeatureCollection","features":[',
                b",".join(page.features),
                b'],"numberMatched":%d,"numberReturned":%d,"links":' % (page.matched, len(page.features)),
                orjson.dumps(links),
                b',"timeStamp":"',
            )
        )
        fresh = _etag(layer, page.version, request)
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

    def item(self, layer: Layer, id_: str, request: Request) -> Answer:
        """``/collections/{id}/items/{featureId}``."""
        params = request.params
        unknown = set(params) - {"f", "crs", "lang", "properties", "skipGeometry"}
        if unknown and handling(request) != "lenient":
            raise InvalidInput(
                "query.parameter", parameter=min(unknown), known="crs, f, lang, properties, skipGeometry"
            )
        asked = self.parse(layer, request)
        text, version = self._store.features.one(layer, id_, asked)
        etag = _etag(layer, version, request)
        headers = [*self._headers(layer, asked, request), ("ETag", etag)]
        if matches(request, etag):
            return Answer(b"", "", 304, headers)
        links = self.item_links(layer, id_, request)
        return Answer(text[:-1] + b',"links":' + orjson.dumps(links) + b"}", GEOJSON, 200, headers)

    def links(self, layer: Layer, request: Request, cursor: str | None) -> list[dict[str, str]]:
        """Links of a page; what was asked goes along in each."""
        items = f"{self._base}/collections/{layer.id}/items"
        pairs = [pair for pair in parse_qsl(request.query, keep_blank_values=True, errors="replace") if pair[0] != "f"]

        def href(format_: str, *more: tuple[str, str]) -> str:
            dropped = {name for name, _ in more} | ({"offset"} if more else set())
            kept = [pair for pair in pairs if pair[0] not in dropped]
            return f"{items}?{urlencode([('f', format_), *kept, *more], quote_via=quote, safe=',:/')}"

        found = [
            {"rel": "self", "type": GEOJSON, "href": href("json")},
            {"rel": "alternate", "type": "text/html", "href": href("html")},
            {"rel": "alternate", "type": "text/csv", "href": href("csv")},
            {"rel": "alternate", "type": "application/ld+json", "href": href("jsonld")},
            {"rel": "collection", "type": "application/json", "href": f"{self._base}/collections/{layer.id}"},
        ]
        if cursor is not None:
            found.insert(1, {"rel": "next", "type": GEOJSON, "href": href("json", ("cursor", cursor))})
        return found

    def _link_header(self, layer: Layer, request: Request) -> str:
        """Links of a page as a header, for clients that ask with HEAD: its forms, and what filters may name."""
        known = self._link_headers.get((layer.id, request.query))
        if known is not None:
            return known
        links = self.links(layer, request, None)
        queryables = {
            "rel": "http://www.opengis.net/def/rel/ogc/1.0/queryables",
            "type": "application/schema+json",
            "href": f"{self._base}/collections/{layer.id}/queryables",
        }
        # a filter may be longer than what clients take as a header; the body has its links all the same
        told = [link for link in links if len(link["href"]) < _LONGEST_HEADER_LINK]
        header = ", ".join(
            f'<{link["href"]}>; rel="{link["rel"]}"; type="{link["type"]}"' for link in [*told, queryables]
        )
        self._link_headers.put((layer.id, request.query), header)
        return header

    def item_links(self, layer: Layer, id_: str, request: Request) -> list[dict[str, str]]:
        """Links of one feature."""
        collection = f"{self._base}/collections/{layer.id}"
        item = f"{collection}/items/{quote(id_, safe='')}"
        asked = request.params.get("crs")
        more = f"&crs={quote(asked, safe=':/')}" if asked else ""
        return [
            {"rel": "self", "type": GEOJSON, "href": f"{item}?f=json{more}"},
            {"rel": "alternate", "type": "text/html", "href": f"{item}?f=html{more}"},
            {"rel": "alternate", "type": "application/ld+json", "href": f"{item}?f=jsonld{more}"},
            {"rel": "collection", "type": "application/json", "href": collection},
        ]

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


def _etag(layer: Layer, version: int, request: Request) -> str:
    """Weak, since a page carries the time at which it was made; one a version, scope of sight and address."""
    return f'W/"{version:x}-{scope_of(layer)}-{request.language}"'
