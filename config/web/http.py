"""Requests and answers of the app, as plain values between WSGI and the routes."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from layers.exporting.formats import DOWNLOADS

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

STATUS = {
    200: "200 OK",
    201: "201 Created",
    204: "204 No Content",
    206: "206 Partial Content",
    304: "304 Not Modified",
    400: "400 Bad Request",
    401: "401 Unauthorized",
    403: "403 Forbidden",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    406: "406 Not Acceptable",
    409: "409 Conflict",
    412: "412 Precondition Failed",
    413: "413 Content Too Large",
    415: "415 Unsupported Media Type",
    416: "416 Range Not Satisfiable",
    422: "422 Unprocessable Content",
    429: "429 Too Many Requests",
    500: "500 Internal Server Error",
    503: "503 Service Unavailable",
}
_WORTH_ZIPPING = 1000
VARY = "Accept, Accept-Encoding, Accept-Language, Authorization, X-API-Key, Prefer"
_CORS = [
    ("Access-Control-Allow-Origin", "*"),
    (
        "Access-Control-Expose-Headers",
        "ETag, Link, Location, Accept-Ranges, Content-Bbox, Content-Crs, Content-Datetime, Content-Disposition, "
        "Content-Language, Content-Range, Preference-Applied, WWW-Authenticate",
    ),
]
PREFLIGHT = [
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    (
        "Access-Control-Allow-Headers",
        "Accept, Accept-Language, Authorization, Content-Crs, Content-Type, If-Match, If-None-Match, If-Range, Prefer, "
        "Range, Wangge-Change-Set, X-API-Key",
    ),
    ("Access-Control-Max-Age", "86400"),
]


@dataclass
class Request:
    """What a client sent.

    Attributes
    ----------
    method, path : str
        Path without the query, percent-decoded, no slash at its end.
    query : str
        The query string as it came.
    headers : dict
        WSGI environment, for the few headers that are looked at.
    """

    method: str
    path: str
    query: str
    environ: Environ

    @classmethod
    def of(cls, environ: Environ) -> Request:
        """The request of a WSGI environment."""
        path = environ.get("PATH_INFO", "") or "/"
        if not path.isascii():
            path = path.encode("latin-1").decode("utf-8", "replace")
        return cls(environ["REQUEST_METHOD"], path.rstrip("/") or "/", environ.get("QUERY_STRING", ""), environ)

    def header(self, name: str) -> str:
        """A header's value, empty where it was not sent."""
        value: str = self.environ.get("HTTP_" + name.upper().replace("-", "_"), "")
        return value

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Decoded query parameters as they stand, those that stand twice included."""
        return parse_qsl(self.query, keep_blank_values=True, errors="replace")

    @property
    def params(self) -> dict[str, str]:
        """Decoded query parameters; of one that stands twice the last counts."""
        return dict(self.pairs)

    @property
    def language(self) -> str:
        """``zh`` or ``en``: the parameter ``lang``, else the preferred of the two in Accept-Language, else zh."""
        if "lang=" in self.query:
            asked = self.params.get("lang", "")
            if asked:
                return "zh" if asked.lower().startswith("zh") else "en"
        return preferred(self.header("Accept-Language"))

    @property
    def from_qgis(self) -> bool:
        """Whether QGIS asks: it shows the text of an XML exception and ignores a JSON one."""
        return "QGIS" in self.header("User-Agent")


@dataclass
class Answer:
    """What goes back.

    Attributes
    ----------
    body : bytes
        Unzipped.
    media_type : str
        Content-Type; empty for no body.
    status : int
        HTTP status.
    headers : list of (str, str)
        Further headers.
    zipped : bool
        Whether the body is gzip already.
    chunks : iterator of bytes or None
        The body in portions, where it is too large to be held; ``body`` is empty then.
    size : int or None
        Bytes of all chunks together, where that is known.
    worth_zipping : bool
        Whether chunks pack well.
    """

    body: bytes
    media_type: str = "application/json"
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    zipped: bool = False
    chunks: Iterator[bytes] | None = None
    size: int | None = None
    worth_zipping: bool = False

    def send(self, request: Request, start_response: StartResponse) -> Iterable[bytes]:
        """Write it to WSGI: zipped where the client takes it, without a body for HEAD, with CORS and Vary."""
        body = self.body
        headers = [("Vary", VARY), *_CORS, *self.headers]
        if self.media_type:
            headers.append(("Content-Type", self.media_type))
        if self.chunks is not None:
            return self._send_chunks(self.chunks, headers, request, start_response)
        if self.zipped:
            headers.append(("Content-Encoding", "gzip"))
        elif len(body) > _WORTH_ZIPPING and takes_gzip(request) and not self.media_type.startswith("image/"):
            body = gzipped(body)
            headers.append(("Content-Encoding", "gzip"))
        if self.status not in (204, 304):
            headers.append(("Content-Length", str(len(body))))
        start_response(STATUS.get(self.status, f"{self.status} Status"), headers)
        return [] if request.method == "HEAD" or self.status in (204, 304) else [body]

    def _send_chunks(
        self,
        chunks: Iterator[bytes],
        headers: list[tuple[str, str]],
        request: Request,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        if self.worth_zipping and takes_gzip(request):
            headers.append(("Content-Encoding", "gzip"))
            chunks = _gzipped_chunks(chunks)
        elif self.size is not None:
            headers.append(("Content-Length", str(self.size)))
        start_response(STATUS[self.status], headers)
        return chunks


def takes_gzip(request: Request) -> bool:
    """Whether the client takes gzip."""
    return "gzip" in request.environ.get("HTTP_ACCEPT_ENCODING", "")


def gzipped(body: bytes) -> bytes:
    """A body as gzip; large ones at the fastest level, since a client on a county's network waits for us, not for the
    wire.
    """
    packer = zlib.compressobj(1 if len(body) > 65_536 else 5, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def _gzipped_chunks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for chunk in chunks:
        yield packer.compress(chunk)
    yield packer.flush()


def matches(request: Request, etag: str) -> bool:
    """Whether the client already holds this representation (weak comparison of If-None-Match)."""
    sent = request.environ.get("HTTP_IF_NONE_MATCH")
    if not sent:
        return False
    wanted = etag.removeprefix("W/")
    return any(part.strip().removeprefix("W/") in (wanted, "*") for part in sent.split(","))


@lru_cache(maxsize=500)
def preferred(accept_language: str) -> str:
    """``zh`` or ``en`` from an Accept-Language header; zh where it names neither, as the city's staff read it."""
    best = ("zh", 0.0)
    for part in accept_language.split(","):
        tag, _, weight = part.partition(";")
        language = tag.strip().lower()[:2]
        if language in ("zh", "en"):
            try:
                quality = float(weight.split("=")[1]) if "=" in weight else 1.0
            except ValueError:
                quality = 0.0
            if quality > best[1]:
                best = (language, quality)
    return best[0]


_KINDS = {
    "": "json",
    "*/*": "json",
    "application/*": "json",
    "application/json": "json",
    "application/geo+json": "json",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/*": "html",
    "application/ld+json": "jsonld",
}
"""Representation of each media type that a client may accept; any other is passed over."""
_ITEM_KINDS = (
    _KINDS
    | {"application/vnd.ogc.fg+json": "jsonfg", "application/fg+json": "jsonfg"}
    | {media_type: format_.id for format_ in DOWNLOADS.values() for media_type in format_.media_types}
)
"""The same of features, which there are as files too."""
ITEM_FORMATS = ("json", "geojson", "jsonfg", "html", "jsonld", *DOWNLOADS)
"""What ``f`` takes for features."""


def wants_json(accept: str, format_: str | None) -> bool:
    """Whether the hot routes' JSON is what the client wants, by ``f`` or by its Accept header."""
    if format_ is not None:
        return format_ in ("json", "geojson")
    return preferred_format(accept) == "json"


def items_format(request: Request) -> str:
    """The representation of features that a client wants: one of `ITEM_FORMATS`, or what else ``f`` names."""
    named = request.params.get("f") if "f=" in request.query else None
    return preferred_format(request.environ.get("HTTP_ACCEPT", ""), items=True) if named is None else named


@lru_cache(maxsize=500)
def preferred_format(accept: str, *, items: bool = False) -> str:
    """``json``, ``html`` or ``jsonld``: the first that an Accept header wants; json where it names none.

    Parameters
    ----------
    items : bool
        Features are wanted, of which there are files as well.
    """
    kinds = _ITEM_KINDS if items else _KINDS
    accepted = []
    for position, part in enumerate(accept.split(",")):
        kind, *parameters = part.split(";")
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        accepted.append((-quality, position, kind.strip().lower()))
    return next((kinds[kind] for _, _, kind in sorted(accepted) if kind in kinds), "json")
