"""Bodies of writing requests: read within bounds, of a type that the address takes, and parsed."""

from __future__ import annotations

from typing import Any

import orjson

from config.web.http import Request
from geo.crs import CRS84_URI
from geo.errors import InvalidInput
from layers.features.items_request import offered_uri

MOST_BODY_MB = 64
GEOJSON = "application/geo+json"
JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"


def read_body(request: Request) -> bytes:
    """What was sent.

    Raises
    ------
    InvalidInput
        For more than `MOST_BODY_MB`.
    """
    most = MOST_BODY_MB * 1024 * 1024
    length = request.environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > most:
        raise InvalidInput("app.large-body", most=MOST_BODY_MB)
    body: bytes = request.environ["wsgi.input"].read(int(length) if int(length) else most)
    return body


def read_json(request: Request, *media_types: str) -> Any:
    """The body as JSON.

    Parameters
    ----------
    request : Request
        As it came.
    media_types : str
        Content types that will do, whatever parameters they come with.

    Raises
    ------
    InvalidInput
        For another type, or a body that is no JSON.
    """
    sent = request.environ.get("CONTENT_TYPE") or ""
    if sent.partition(";")[0].strip().lower() not in media_types:
        raise InvalidInput("app.media-type", type=sent[:60] or "-", known=", ".join(media_types))
    try:
        return orjson.loads(read_body(request))
    except orjson.JSONDecodeError as error:
        raise InvalidInput("app.json", reason=str(error)) from error


def sent_crs(request: Request, offered: tuple[str, ...]) -> str:
    """CRS of the coordinates in a body: the header Content-Crs, with angle brackets or without; CRS84 where it is not
    sent.

    Parameters
    ----------
    request : Request
        As it came.
    offered : tuple of str
        URIs of the CRS that will do.

    Raises
    ------
    InvalidInput
        For another: to ignore it would store coordinates in the wrong place.
    """
    text = request.header("Content-Crs").strip()
    return offered_uri(text, "Content-Crs", offered) if text else CRS84_URI
