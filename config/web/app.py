"""The WSGI app: who asks, the hot routes, and pygeoapi for everything else."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

import orjson

from config.pages.basemap import Basemap
from config.push.asyncapi import asyncapi_document
from config.settings import Settings, load
from config.web.allowed import allowed
from config.web.case_routes import CaseRoutes
from config.web.credentials import sent_key
from config.web.dggs_routes import DggsRoutes
from config.web.download_routes import DownloadRoutes, format_of
from config.web.edit_routes import EditRoutes, named_set
from config.web.http import PREFLIGHT, Answer, Environ, Request, StartResponse, items_format, wants_json
from config.web.items_routes import ItemsRoutes, readable_layer
from config.web.job_routes import JobRoutes
from config.web.openapi import openapi_document
from config.web.page_routes import PageRoutes
from config.web.pygeoapi_bridge import load_pygeoapi
from config.web.pygeoapi_config import pygeoapi_config
from config.web.pygeoapi_route import ask_pygeoapi
from config.web.raster_routes import RasterRoutes
from config.web.refusals import refuse
from config.web.schema_routes import schema_answer
from config.web.tile_routes import TileRoutes
from geo.errors import InvalidInput, NeedsKey, NotFound
from layers.catalogue.cases import CASES
from layers.catalogue.catalogue import CATALOGUE, RASTERS
from layers.catalogue.layer import Layer
from layers.checking.ordinary import bind_ordinary
from layers.database.database import Database
from layers.heat.public import bind_publishing
from layers.identity import PUBLIC, Identity, acting
from layers.jobs.jobs import JobLimits, Jobs, bind_jobs
from layers.situation.rules import bind_rules, read_rules
from layers.store import Store, bind_store
from layers.tiles.matrix import tile_matrix_set

_LONGEST_KEY = 200
CATALOG = "application/ogc-catalog+json"
JSON_FORMATS = ("json", "geojson", "jsonfg")
"""What ``f`` may be for the hot routes of features."""


class App:
    """The service as a WSGI callable.

    Parameters
    ----------
    settings : Settings
        With the address of the database as the service's login.
    store : Store
        What answers are made from.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self.base_url = settings.base_url
        self.store = store
        self.items = ItemsRoutes(store, self.base_url)
        self.edits = EditRoutes(store, self.base_url)
        self.cases = CaseRoutes(store, self.base_url)
        self.downloads = DownloadRoutes(store)
        self.tiles = TileRoutes(store, self.base_url)
        self.dggs = DggsRoutes(store, self.base_url)
        self.rasters = RasterRoutes(store, self.base_url)
        self.pages = PageRoutes(store, self.base_url, Basemap(settings.basemap, settings.basemap_attribution))
        limits = JobLimits(settings.job_open, settings.job_stored, settings.job_stored_mb, settings.callback_allowed)
        self.jobs = JobRoutes(bind_jobs(Jobs(store.database, limits)), self.base_url)
        city = store.city()
        self.openapi = orjson.dumps(openapi_document(self.base_url, city))
        config = pygeoapi_config(self.base_url, city)
        self.pygeoapi = load_pygeoapi(
            config, orjson.loads(self.openapi), asyncapi_document(self.base_url), store
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; whatever goes wrong is said in one place."""
        request = Request.of(environ)
        try:
            with acting(self.identify(request)):
                # browsers ask by OPTIONS before they send a key
                answer = _options(request) if request.method == "OPTIONS" else self._answer(request)
        except Exception as error:  # noqa: BLE001 - the rim: nothing may reach the client unsaid
            answer = refuse(request, error, self.base_url)
        return answer.send(request, start_response)

    def identify(self, request: Request) -> Identity:
        """Who asks, by the header X-API-Key or by the password of Basic, and which change set is meant.

        Raises
        ------
        NeedsKey
            When a key was sent that nobody holds: to answer as to the public would hide the mistake.
        """
        found = self._holder(request)
        parts = request.path.split("/", 3)
        layer = CATALOGUE.get(parts[2]) if parts[1:2] == ["collections"] and len(parts) > 2 else None
        chosen = named_set(request, layer)
        return found if chosen is None else replace(found, change_set=chosen)

    def _holder(self, request: Request) -> Identity:
        key = sent_key(request)
        if key is None:
            return PUBLIC
        found = self.store.identity_of(key) if 0 < len(key) <= _LONGEST_KEY else None
        if found is None:
            raise NeedsKey("key.wrong")
        return found

    def _answer(self, request: Request) -> Answer:
        parts = request.path.strip("/").split("/")
        if request.method in ("GET", "HEAD"):
            answer = self._hot(request, parts)
            if answer is not None:
                return answer
        elif request.method == "DELETE" and parts[0] == "jobs" and len(parts) == 2:
            return self.jobs.dismiss(parts[1], request)
        elif parts[0] == "collections" and parts[2:3] == ["items"] and len(parts) in (3, 4):
            layer, id_ = readable_layer(parts[1]), parts[3] if len(parts) == 4 else None
            return self.cases.write(id_, request) if layer is CASES else self.edits.write(layer, id_, request)
        elif request.method != "POST" or parts[0] != "processes":
            raise InvalidInput("app.method", path=request.path, method=request.method, allowed=allowed(request))
        answer = ask_pygeoapi(self.pygeoapi, self.items, request, parts)
        if parts[0] == "collections" and len(parts) == 2 and CATALOG in request.header("Accept"):
            return _as_catalog(answer, parts[1])
        return self.jobs.accepted(answer, request) if answer.status == 201 else answer

    def _hot(self, request: Request, parts: list[str]) -> Answer | None:
        """The answer of a route of ours; None for what pygeoapi represents."""
        match parts:
            case ["collections", id_, *rest] if id_ in RASTERS:
                return self.rasters.answer(id_, rest, request)
            case ["collections", "case-heat", "dggs", *rest]:
                return self.dggs.answer("/collections/case-heat", rest, request)
            case ["dggs", *rest]:
                return self.dggs.answer("", rest, request)
            case ["collections", id_, "tiles", *_] if id_ in CATALOGUE and CATALOGUE[id_].tiles is None:
                readable_layer(id_)
                raise NotFound("app.not-found", path=request.path[:200])
            case ["collections", id_, "tiles", matrix, zoom, row, column]:
                return self.tiles.tile(readable_layer(id_), matrix, zoom, row, column, request)
            case ["collections", id_, *rest] if rest:
                return self._below_collection(readable_layer(id_), rest, request)
            case ["collections", id_]:
                readable_layer(id_)
                return None
            case ["tileMatrixSets" | "TileMatrixSets", *rest] if len(rest) < 2:
                return self.tiles.matrix_set(rest[0], request) if rest else self.tiles.matrix_sets(request)
            case ["openapi"] if self._json_wanted(request):
                return Answer(
                    self.openapi, "application/vnd.oai.openapi+json;version=3.0", 200, [("Cache-Control", "no-cache")]
                )
            case ["asyncapi"] if self._json_wanted(request):
                told = asyncapi_document(self.base_url, request.language)
                return Answer(orjson.dumps(told), "application/asyncapi+json", 200, [("Cache-Control", "no-cache")])
            case ["jobs", *rest]:
                return self.jobs.answer(rest, request)
        return self.pages.answer(request, parts)

    def _below_collection(self, layer: Layer, rest: list[str], request: Request) -> Answer | None:
        json_wanted = self._json_wanted(request)
        match rest:
            case ["items"]:
                return self._items(layer, request)
            case ["items", feature] if (wanted := items_format(request)) in JSON_FORMATS:
                return self.items.item(layer, feature, request, jsonfg=wanted == "jsonfg")
            case ["sortables"]:
                return schema_answer(layer, "sortables", self.base_url, request)
            case ["queryables" | "schema" as what] if json_wanted:
                return schema_answer(layer, what, self.base_url, request)
            case ["tiles"] if json_wanted:
                return self.tiles.tilesets(layer, request)
            case ["tiles", matrix] if json_wanted:
                return self.tiles.tileset(layer, tile_matrix_set(matrix), request)
            case ["tiles", matrix, "metadata"]:
                return self.tiles.tilejson(layer, tile_matrix_set(matrix), request)
            case ["style"]:
                return self.pages.style(layer, request)
            case ["items", _] | ["queryables" | "schema"] | ["tiles"]:
                return None
        raise NotFound("app.not-found", path=request.path[:200])

    def _items(self, layer: Layer, request: Request) -> Answer | None:
        wanted = items_format(request)
        if wanted in JSON_FORMATS:
            return self.items.page(layer, request, jsonfg=wanted == "jsonfg")
        file_format = format_of(wanted)
        return None if file_format is None else self.downloads.file(layer, file_format, request)

    def _json_wanted(self, request: Request) -> bool:
        format_ = request.params.get("f") if "f=" in request.query else None
        return wants_json(request.environ.get("HTTP_ACCEPT", ""), format_)


def _options(request: Request) -> Answer:
    """What may be done here."""
    return Answer(b"", "", 204, [("Allow", allowed(request)), *PREFLIGHT])


def _as_catalog(answer: Answer, id_: str) -> Answer:
    """The description of a collection of records under the media type that such a one has beside JSON."""
    if CATALOGUE[id_].record and answer.media_type.startswith("application/json"):
        answer.media_type = CATALOG
    return answer


def create_app(settings: Settings | None = None) -> App:
    """The app of one worker process, as the web server calls for it.

    Parameters
    ----------
    settings : Settings, optional
        Read from the environment when not given.
    """
    settings = settings or load()
    bind_ordinary(settings.grid_limits)
    bind_publishing(settings.publishing)
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("pygeoapi").setLevel(logging.CRITICAL)
    bind_rules(read_rules(settings.rules))
    return App(settings, bind_store(Store(Database(settings.api_dsn, pool_size=settings.pool_size))))
