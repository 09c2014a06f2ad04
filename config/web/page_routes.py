"""The map page, its assets, guides, and styles."""

from __future__ import annotations

from typing import Any

import orjson

from config.guides.guide_pages import guide_answer
from config.pages.assets import asset, version
from config.pages.basemap import NO_BASEMAP, Basemap
from config.pages.map_page import map_page
from config.pages.situation_page import situation_page
from config.pages.templating import CONTENT_SECURITY_POLICY, render, set_page_context
from config.qgis.handing_out import project_for_asker
from config.styles.mapbox import map_style
from config.styles.qml import layer_qml
from config.styles.sld import layer_sld
from config.web.credentials import sent_key
from config.web.http import Answer, Request, matches
from geo.errors import InvalidInput, NeedsKey
from layers.catalogue.catalogue import CATALOGUE, RASTERS
from layers.catalogue.layer import Layer
from layers.identity import current
from layers.records.summary import completeness_summary
from layers.store import Store

STYLE = "application/vnd.mapbox.style+json"
SLD = "application/vnd.ogc.sld+xml;version=1.1"
QGZ = "application/x-qgis-project"


class PageRoutes:
    """What people look at beside pygeoapi's pages.

    Parameters
    ----------
    store : Store
        Says which city it is.
    base_url : str
        Address that links begin with.
    basemap : Basemap
        What lies below the layers of the map page.
    """

    def __init__(self, store: Store, base_url: str, basemap: Basemap = NO_BASEMAP) -> None:
        self._store = store
        self._base = base_url
        self._basemap = basemap
        set_page_context(self._context)

    def answer(self, request: Request, parts: list[str]) -> Answer | None:
        """The answer of a page of ours; None for any other address."""
        match parts:
            case ["map"]:
                page = map_page(self._base, request.language, basemap=self._basemap)
                headers = [("Cache-Control", "no-cache"), ("Content-Security-Policy", self._basemap.policy())]
                return Answer(page.encode(), "text/html; charset=utf-8", 200, headers)
            case ["situation"]:
                return self._situation(request)
            case ["completeness"]:
                summary = completeness_summary(self._store.database)
                page = render("completeness.html", summary, request.language, self._base)
                headers = [("Cache-Control", "no-cache"), ("Content-Security-Policy", CONTENT_SECURITY_POLICY)]
                return Answer(page.encode(), "text/html; charset=utf-8", 200, headers)
            case ["guides", *below]:
                return guide_answer(below, request, self._base)
            case ["assets", name]:
                return self._asset(name, request, kept="public, max-age=3600")
            case ["assets", release, name]:
                # of another release, from a page that was open while the service was renewed: never to be kept
                kept = "public, max-age=31536000, immutable" if release == version() else "no-store"
                return self._asset(name, request, kept=kept)
            case ["qgis"]:
                return self._qgis(request)
            case ["style.json"]:
                layers = [layer for layer in CATALOGUE.values() if current().reaches(layer.readers)]
                rasters = [raster for raster in RASTERS.values() if current().reaches(raster.readers)]
                return Answer(
                    orjson.dumps(map_style(layers, self._base, request.language, rasters=rasters)),
                    STYLE,
                    200,
                    [("Cache-Control", "no-cache")],
                )
        return None

    def _situation(self, request: Request) -> Answer:
        """How the city is doing, for staff."""
        identity = current()
        if not identity.reaches("staff"):
            raise NeedsKey("situation.role")
        page = situation_page(self._base, request.language, self._store.database, request.params)
        headers = [("Cache-Control", "no-store"), ("Content-Security-Policy", CONTENT_SECURITY_POLICY)]
        return Answer(page.encode(), "text/html; charset=utf-8", 200, headers)

    def _qgis(self, request: Request) -> Answer:
        """The project for QGIS of every layer that the asker may read; with ``key=embed`` his key goes along in it."""
        embedded = request.params.get("key")
        if embedded not in (None, "embed"):
            raise InvalidInput("qgis.key", value=embedded[:20])
        sent = sent_key(request) if embedded else None
        body = project_for_asker(self._store, self._base, request.language, sent)
        headers = [("Content-Disposition", 'attachment; filename="wangge.qgz"'), ("Cache-Control", "no-store")]
        return Answer(body, QGZ, 200, headers)

    def style(self, layer: Layer, request: Request) -> Answer:
        """``/collections/{id}/style``: a Mapbox GL style, or with ``f=qml`` one of QGIS, with ``f=sld`` an SLD."""
        headers = [("Cache-Control", "no-cache")]
        format_ = request.params.get("f", "mapbox")
        if format_ not in ("mapbox", "json", "qml", "sld"):
            raise InvalidInput("app.format", format=format_[:40], known="mapbox, qml, sld")
        if format_ == "qml":
            return Answer(layer_qml(layer, request.language).encode(), "application/xml; charset=utf-8", 200, headers)
        if format_ == "sld":
            return Answer(layer_sld(layer, request.language).encode(), SLD, 200, headers)
        style = map_style([layer], self._base, request.language)
        return Answer(orjson.dumps(style), STYLE, 200, headers)

    @staticmethod
    def _asset(name: str, request: Request, *, kept: str) -> Answer | None:
        found = asset(name)
        if found is None:
            return None
        body, media_type, etag = found
        headers = [("ETag", etag), ("Cache-Control", kept)]
        if matches(request, etag):
            return Answer(b"", "", 304, headers)
        return Answer(body, media_type, 200, headers)

    def _context(self) -> dict[str, Any]:
        """What every page shows of the city and of who looks."""
        city = self._store.city()
        identity = current()
        return {
            "sample": city.sample,
            "city": {"code": city.code, "name": city.name, "name_en": city.name_en, "bbox": city.box},
            "identity": {"role": identity.role, "name": identity.name},
        }
