"""Hands a request to pygeoapi: the app has read it already, and pygeoapi gives it its form."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import orjson
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.exceptions import NotFound as NoSuchRoute

from config.web.bodies import read_body
from config.web.http import ITEM_FORMATS, Answer, Environ, Request, preferred_format
from config.web.items_routes import ItemsRoutes, handling, readable_layer
from config.web.prefer import execution_preference
from geo.errors import InvalidInput, NotFound
from layers.features.items_request import GREATEST_LIMIT, asked
from processes.jobs.manager import asking_language
from processes.registry import PROCESSES

DGGS_LIST = "http://www.opengis.net/def/rel/ogc/1.0/dggrs-list"
_PAGE_PARAMETERS = {"f", "lang", "ui"}
_DROPPED = {"content-length", "content-encoding", "vary", "x-powered-by", "server", "content-type"}
_FORMATS = ("json", "html", "jsonld")
_ONE_FORMATS = ("json", "geojson", "jsonfg", "html", "jsonld")


def ask_pygeoapi(app: Any, items: ItemsRoutes, request: Request, parts: list[str]) -> Answer:
    """pygeoapi's answer.

    Parameters
    ----------
    app : flask.Flask
        Of `config.web.pygeoapi_bridge`.
    items : ItemsRoutes
        Reads the request of an items page.
    request : Request
        As it came.
    parts : list of str
        Path, cut at slashes.

    Raises
    ------
    NotFound, InvalidInput
        For an address, a parameter or a body that there is not.
    """
    if not _is_served(parts):
        raise NotFound("app.not-found", path=request.path[:200])
    params = request.params
    if parts[0] == "processes" and len(parts) > 1 and parts[1] not in PROCESSES:
        raise NotFound("app.process", process=parts[1][:100])
    formats = ITEM_FORMATS if parts[2:] == ["items"] else _ONE_FORMATS if parts[2:3] == ["items"] else _FORMATS
    if params.get("f", "json") not in formats:
        raise InvalidInput("app.format", format=params["f"][:40], known=", ".join(formats))
    environ = dict(request.environ)
    environ["wangge.query"] = request.query
    if request.method == "HEAD":
        environ["REQUEST_METHOD"] = "GET"  # Flask would leave the body out, and with it its length
    if request.method == "POST":
        _check_execution(request, parts, environ)
    token = None
    if parts[0] == "collections" and len(parts) in (3, 4) and parts[2] == "items":
        token = asked.set(items.parse(readable_layer(parts[1]), request))
        params = {key: value for key, value in params.items() if key in _PAGE_PARAMETERS} | {
            "limit": str(GREATEST_LIMIT + 1)
        }
    else:
        unknown = set(params) - _PAGE_PARAMETERS
        if unknown and handling(request) != "lenient":
            raise InvalidInput("query.parameter", parameter=min(unknown), known=", ".join(sorted(_PAGE_PARAMETERS)))
    params["lang"] = request.language
    if request.method != "POST":
        # pygeoapi would call JSON an image where a client accepts one
        wanted = params.setdefault("f", preferred_format(request.header("Accept")))
        params["f"] = wanted if wanted in _FORMATS else "json"
    environ["QUERY_STRING"] = urlencode(params)
    said_in = asking_language.set(request.language)
    try:
        answer = _call(app, environ)
        return _own_landing(answer) if parts == [""] else answer
    except NoSuchRoute as error:
        raise NotFound("app.not-found", path=request.path[:200]) from error
    except MethodNotAllowed as error:
        allowed = ", ".join(sorted(error.valid_methods or ()))
        raise InvalidInput("app.method", path=request.path[:200], method=request.method, allowed=allowed) from error
    except HTTPException as error:
        raise InvalidInput("app.not-found", path=request.path[:200]) from error
    finally:
        asking_language.reset(said_in)
        if token is not None:
            asked.reset(token)


def _is_served(parts: list[str]) -> bool:
    """Whether this is a route that the service declares; pygeoapi has more, for kinds of data that are not here."""
    return parts in ([""], ["conformance"], ["openapi"], ["asyncapi"]) or parts[0] in ("collections", "processes")


def _call(app: Any, environ: Environ) -> Answer:
    """Run the Flask app and take its answer apart."""
    taken: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
        taken["status"], taken["headers"] = int(status.split()[0]), headers

    chunks = app(environ, start)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    named = {name.lower(): value for name, value in taken["headers"]}
    kept = [(name, value) for name, value in taken["headers"] if name.lower() not in _DROPPED]
    if taken["status"] == 200:
        # pygeoapi names a job for every execution; one that ran at once left none
        kept = [(name, value) for name, value in kept if name.lower() != "location"]
    kept.append(("Cache-Control", "private, no-cache"))
    media_type = named.get("content-type", "")
    if media_type.startswith("text/html"):
        media_type = "text/html; charset=utf-8"
        from config.pages.templating import CONTENT_SECURITY_POLICY

        kept.append(("Content-Security-Policy", CONTENT_SECURITY_POLICY))
    return Answer(body, media_type, taken["status"], kept)


def _own_landing(answer: Answer) -> Answer:
    """The landing page with links to tile matrix sets as the standard spells them (they are JSON alone) and to DGGS."""
    if answer.media_type.startswith("application/json"):
        landing = orjson.loads(answer.body)
        landing["links"] = [
            link | {"href": link["href"].replace("/TileMatrixSets?f=json", "/tileMatrixSets")}
            for link in landing["links"]
            if not link["href"].endswith("/TileMatrixSets?f=html")
        ]
        root = next(link["href"] for link in landing["links"] if link["rel"] == "data").partition("/collections")[0]
        landing["links"].append({"rel": DGGS_LIST, "type": "application/json", "title": "DGGS", "href": f"{root}/dggs"})
        answer.body = orjson.dumps(landing)
    return answer


def _check_execution(request: Request, parts: list[str], environ: Environ) -> None:
    """See that what is posted is an execution that pygeoapi can read; the checked body is put back."""
    if len(parts) != 3 or parts[2] != "execution":
        raise InvalidInput("app.method", path=request.path[:200], method="POST", allowed="GET, HEAD, OPTIONS")
    body = read_body(request)
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput("app.json-body", reason=str(error)) from error
    if not isinstance(content, dict) or not isinstance(content.get("inputs", {}), dict):
        raise InvalidInput("app.json-body", reason="inputs")
    if content.get("response", "raw") not in ("raw", "document"):
        raise InvalidInput(
            "query.value", parameter="response", value=str(content["response"])[:40], wanted="raw, document"
        )
    execution = {"inputs": content.get("inputs", {}), "response": content.get("response", "raw")}
    if content.get("subscriber") is not None:
        execution["subscriber"] = _subscriber(content["subscriber"])
    # pygeoapi knows the header only when one word is all that it says
    preferred = execution_preference(request.header("Prefer"))
    environ.pop("HTTP_PREFER", None)
    if preferred:
        environ["HTTP_PREFER"] = preferred
    written = orjson.dumps(execution)
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(written), str(len(written))


def _subscriber(sent: Any) -> dict[str, str]:
    """Addresses of a subscriber, as OGC API - Processes names them."""
    names = ("successUri", "inProgressUri", "failedUri")
    known = isinstance(sent, dict) and set(sent) <= set(names) and all(isinstance(uri, str) for uri in sent.values())
    if not known or not sent.get("successUri"):
        raise InvalidInput("job.subscriber")
    return dict(sent)
