"""Items as files: the whole of a request in one file, in the format that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO
from urllib.parse import quote

from config.web.http import Answer, Request, matches
from config.web.items_routes import cache_control, handling, page_etag
from layers.cache import Recent
from layers.catalogue.layer import Layer
from layers.exporting.download import Downloads
from layers.exporting.formats import FORMATS, Format, check_holds
from layers.features.items_request import parse_items_request
from layers.store import Store

_PORTION = 256 * 1024


class DownloadRoutes:
    """``/collections/{id}/items`` as GeoPackage, Shapefile, FlatGeobuf, GeoParquet, CSV or lines of GeoJSON.

    Parameters
    ----------
    store : Store
        Where the features come from.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._downloads = Downloads(store.database)
        self._sizes: Recent[tuple[str, str, str], int] = Recent(2000)

    def file(self, layer: Layer, format_: Format, request: Request) -> Answer:
        """A file with every feature of a request, or the first ``limit`` of them.

        Filters, order, fields and CRS are those of a page, and so is what its key may see. Coordinates are easting or
        longitude first, whatever the CRS says.

        Raises
        ------
        InvalidInput
            For a parameter that can't be taken, or what the format can't hold.
        """
        params = request.params
        encoding = params.pop("encoding", "UTF-8").upper()
        metric, lenient = self._store.city().metric_srid, handling(request) == "lenient"
        asked = parse_items_request(layer, params, metric_srid=metric, lenient=lenient, whole=True)
        check_holds(format_, layer, asked, encoding)
        etag = page_etag(layer, self._store.features.version(layer), request, format_.id)
        headers = [
            ("ETag", etag),
            ("Content-Crs", f"<{asked.crs}>"),
            ("Cache-Control", cache_control(layer)),
            ("Content-Disposition", _disposition(layer, format_, request.language)),
        ]
        if matches(request, etag):
            return Answer(b"", "", 304, headers)
        media_type = format_.media_type
        if format_.text:
            media_type += f"; charset={encoding.lower()}"
        # how long a file is shows when it is written; who asks for that alone need not have it written twice
        key = (layer.id, request.query, etag)
        size = self._sizes.get(key)
        chunks: Iterator[bytes] = iter(())
        if size is None or request.method != "HEAD":
            file = self._downloads.file(layer, asked, format_, encoding)
            size = file.seek(0, 2)
            file.seek(0)
            self._sizes.put(key, size)
            chunks = _portions(file)
            if request.method == "HEAD":
                file.close()
                chunks = iter(())
        return Answer(b"", media_type, 200, headers, chunks=chunks, size=size, worth_zipping=format_.text)


def format_of(id_: str) -> Format | None:
    """The format of files of that id over HTTP; None for a page's."""
    return None if id_ in ("geojson", "jsonfg") else FORMATS.get(id_)


def _portions(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while portion := file.read(_PORTION):
            yield portion


def _disposition(layer: Layer, format_: Format, language: str) -> str:
    """A name for the file in ASCII, and in the reader's language for clients that can write it."""
    suffix = ".shp.zip" if format_.zipped else format_.suffix
    title = quote(layer.title.in_(language) + suffix, safe="")
    return f"attachment; filename=\"{layer.id}{suffix}\"; filename*=UTF-8''{title}"
