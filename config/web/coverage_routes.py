"""Routes of a raster as a coverage: the Cloud-Optimised GeoTIFF itself, pieces of it, and what a cell holds."""

from __future__ import annotations

from typing import Any

import orjson

from config.web.http import Answer, Request, matches
from config.web.ranges import part_of
from geo.crs import CRS84_URI, axes_inverted, uri_of
from geo.errors import InvalidInput
from layers.cache import BytesCache, Recent
from layers.catalogue.raster import Raster
from layers.identity import current
from layers.rasters.asked import SCALING, SPATIAL, Asked, parse_asked
from layers.rasters.densities import DensityMap
from layers.rasters.geotiff import write_cog
from layers.rasters.reading import Box, cut
from layers.rasters.request import PARAMETERS, DensityRequest, parse_density_request
from layers.store import Store

GEOTIFF = "image/tiff; application=geotiff"
_FORMATS = ("geotiff", "cog", "tif", "tiff")
_LANGUAGE = ("f", "lang")
_OWN_TAGS = ("KERNEL", "BANDWIDTH_M", "RADIUS_M", "EDGE_CORRECTION", "PERIOD", "CASES", "MADE_FROM", "BREAKS")


class CoverageRoutes:
    """``/collections/{id}/coverage`` and ``/schema`` of a raster.

    Parameters
    ----------
    store : Store
        Where rasters come from.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._parsed: Recent[tuple[str, int], tuple[DensityRequest, Asked]] = Recent(500)
        self._pieces = BytesCache(64 * 1024 * 1024)

    def coverage(self, raster: Raster, request: Request) -> Answer:
        """The coverage as GeoTIFF: as it stands, in ranges where asked; or the piece that the parameters choose."""
        drawn, asked = self._read(request)
        found = self._store.densities.of(drawn)
        if asked.whole:
            headers = described_by(found, found.described.grid.bounds, uri_of(found.described.srid))
            headers += [("ETag", found.etag), ("Content-Disposition", f'inline; filename="{raster.id}.tif"')]
            if matches(request, found.etag):
                return Answer(b"", "", 304, headers)
            return part_of(request, Answer(found.tif, GEOTIFF, 200, headers), found.etag)
        etag = f'{found.etag[:-1]}-piece"'
        if matches(request, etag):
            return Answer(b"", "", 304, [("ETag", etag), ("Cache-Control", sight())])
        piece = cut(found.tif, found.described, asked)
        uri = asked.crs or uri_of(found.described.srid)
        headers = [*described_by(found, piece.bounds, uri), ("ETag", etag)]
        key = (etag, request.query)
        written = self._pieces.get(key)
        if written is None:
            tags = {name: found.described.tags[name] for name in _OWN_TAGS}
            written = write_cog(piece.values, piece.place, piece.srid, raster, tags)
            self._pieces.put(key, written)
        headers.append(("Content-Disposition", f'inline; filename="{raster.id}.tif"'))
        return part_of(request, Answer(written, GEOTIFF, 200, headers), etag)

    def schema(self, raster: Raster, request: Request, base_url: str) -> Answer:
        """What a cell holds, as JSON Schema."""
        language = request.language
        value = raster.value
        body = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"{base_url}/collections/{raster.id}/schema",
            "type": "object",
            "title": raster.title.in_(language),
            "description": raster.description.in_(language),
            "properties": {
                value.name: {
                    "title": value.title.in_(language),
                    "description": f"{value.title.in_(language)} ({raster.unit.in_(language)})",
                    "type": "number",
                    "minimum": 0,
                    "x-ogc-unit": value.unit,
                    "x-ogc-propertySeq": 1,
                    "x-ogc-variableType": "continuous",
                    "readOnly": True,
                }
            },
        }
        headers = [("Content-Language", language), ("Cache-Control", "public, max-age=60")]
        return Answer(orjson.dumps(body), "application/schema+json", 200, headers)

    def _read(self, request: Request) -> tuple[DensityRequest, Asked]:
        metric = self._store.city().metric_srid
        known = self._parsed.get((request.query, metric))
        if known is None:
            pairs = request.pairs
            check_names(dict(pairs), (*_LANGUAGE, *PARAMETERS, *SPATIAL, *SCALING))
            format_ = dict(pairs).get("f", _FORMATS[0])
            if format_ not in _FORMATS:
                raise InvalidInput("app.format", format=format_[:40], known=", ".join(_FORMATS))
            known = read_both(pairs, metric)
            self._parsed.put((request.query, metric), known)
        return known


def read_both(pairs: list[tuple[str, str]], metric_srid: int) -> tuple[DensityRequest, Asked]:
    """What map is asked for and what of it; the period may stand in ``datetime`` or in ``subset``.

    Raises
    ------
    InvalidInput
        When it stands in both, or a parameter can't be read.
    """
    asked, period = parse_asked(pairs, metric_srid)
    params = dict(pairs)
    if period is not None:
        if "datetime" in params:
            raise InvalidInput("raster.time-twice")
        params["datetime"] = period
    return parse_density_request(params), asked


def check_names(params: dict[str, str], known: tuple[str, ...]) -> None:
    """Refuse a parameter that there is not: ignoring it would answer another question.

    Raises
    ------
    InvalidInput
        Naming it and those that there are.
    """
    for name, value in params.items():
        if name not in known:
            raise InvalidInput("query.parameter", parameter=name[:40], known=", ".join(known))
        if "\x00" in value:
            raise InvalidInput("query.nul", parameter=name)


def described_by(found: DensityMap, bounds: Box, uri: str) -> list[tuple[str, str]]:
    """Headers that say where, when and in which CRS an answer lies, its box in the CRS's axis order."""
    west, south, east, north = bounds
    box = (south, west, north, east) if axes_inverted(uri) else bounds
    headers = [
        ("Content-Crs", f"<{uri}>"),
        ("Content-Bbox", ",".join(f"{edge:.9g}" if uri == CRS84_URI else f"{edge:.10g}" for edge in box)),
        ("Cache-Control", sight()),
    ]
    if found.period:
        headers.append(("Content-Datetime", found.period))
    return headers


def sight() -> str:
    """Ask again before each use, and let a shared cache keep only what the public sees."""
    return "public, no-cache" if current().role == "public" else "private, no-cache"


def coverage_links(raster: Raster, here: str) -> list[dict[str, Any]]:
    """Links of a collection to its coverage and schema."""
    return [
        {"rel": "http://www.opengis.net/def/rel/ogc/1.0/coverage", "type": GEOTIFF, "href": f"{here}/coverage"},
        {
            "rel": "http://www.opengis.net/def/rel/ogc/1.0/schema",
            "type": "application/schema+json",
            "href": f"{here}/schema",
        },
    ]
