"""The routes that write features as OGC API - Features Part 4 has them, and as QGIS sends them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import orjson
from psycopg2.extensions import cursor as Cursor

from config.web.allowed import allowed
from config.web.bodies import GEOJSON, JSON, MERGE_PATCH, read_json, sent_crs
from config.web.http import Answer, Request
from config.web.items_routes import handling
from geo.errors import Forbidden, InvalidInput, NeedsKey
from geo.finding import Finding
from layers.catalogue.changes import GRID_EDITS, SET_PARAMETER
from layers.catalogue.layer import Layer
from layers.changes.edits import Written, apply_batch, create, delete, patch, replace
from layers.changes.flags import flag
from layers.changes.publish import write_and_publish
from layers.changes.refusals import worded
from layers.changes.sent_feature import SentFeature, read_feature
from layers.features.items_request import offered_crs
from layers.identity import current
from layers.store import Store
from layers.texts import say
from processes.changes.publication_answer import publication_answer
from processes.features.finding_features import finding_features

Write = Callable[[Cursor], list[Written]]

SET_HEADER = "Wangge-Change-Set"
"""Header that names the change set, for programs that can't add a parameter."""


def named_set(request: Request, layer: Layer | None) -> int | None:
    """Number of the change set that a request names; None for the asker's current one.

    Raises
    ------
    InvalidInput
        When it is no number.
    """
    if layer is None or SET_PARAMETER not in layer.parameters:
        return None
    text = request.params.get(SET_PARAMETER) or request.header(SET_HEADER)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 2**31):
        raise InvalidInput("query.whole", parameter=SET_PARAMETER, value=text[:40], least=1)
    return int(text)


class EditRoutes:
    """Writes below ``/collections/grid-edits/items``.

    Parameters
    ----------
    store : Store
        Whose database is written.
    base_url : str
        Address that links begin with.
    """

    def __init__(self, store: Store, base_url: str) -> None:
        self._store = store
        self._base = base_url

    def write(self, layer: Layer, id_: str | None, request: Request) -> Answer:
        """Answer a request that writes.

        Parameters
        ----------
        layer : Layer
            A layer that the asker may read.
        id_ : str or None
            Of the feature; None for the collection. It comes before one in the body.
        request : Request
            With POST, PUT, PATCH or DELETE.

        Raises
        ------
        InvalidInput, NeedsKey, Forbidden, NotFound, Conflict
            What was wrong; nothing is written then.
        """
        _check_may_write(layer, request)
        unknown = set(request.params) - {"f", "lang", *layer.parameters}
        if unknown:
            raise InvalidInput("query.parameter", parameter=min(unknown), known=", ".join(layer.parameters))
        method = (request.method, id_ is not None)
        if method == ("POST", False):
            return self._post(layer, request)
        if id_ is None or request.method not in ("PUT", "PATCH", "DELETE"):
            raise InvalidInput("app.method", path=request.path, method=request.method, allowed=allowed(request))
        sent = None if request.method == "DELETE" else self._sent(request)
        if_match = request.header("If-Match")

        def write(cur: Cursor) -> list[Written]:
            if sent is None:
                return [delete(cur, id_, if_match)]
            return [(replace if request.method == "PUT" else patch)(cur, id_, sent, if_match)]

        if handling(request) == "strict":
            return self._published(write, request, 200)
        number, (written,), _ = self._kept(write)
        return Answer(b"", "", 204, self._headers(number, written))

    def _post(self, layer: Layer, request: Request) -> Answer:
        content = read_json(request, GEOJSON, JSON)
        crs = self._crs(request)
        batch = isinstance(content, dict) and content.get("type") == "FeatureCollection"
        sent, gone = _batch(content, crs) if batch else ([read_feature(content, crs)], [])

        def write(cur: Cursor) -> list[Written]:
            return apply_batch(cur, sent, gone) if batch else [create(cur, sent[0])]

        if handling(request) == "strict":
            return self._published(write, request, 200 if batch else 201)
        number, written, found = self._kept(write)
        if not batch:
            location = ("Location", self._address(written[0].id))
            return Answer(b"", "", 201, [location, *self._headers(number, written[0])])
        body = {
            "changeSet": number,
            "features": [{"id": one.id, "href": self._address(one.id) if one.tag else None} for one in written],
            "findings": finding_features(found, checked=len(written)),
        }
        return Answer(orjson.dumps(body), JSON, 200, self._headers(number, None))

    def _kept(self, write: Write) -> tuple[int, list[Written], list[Finding]]:
        """Write into the asker's set, and flag what is wrong."""
        with worded(), self._store.database.transaction() as cur:
            written = write(cur)
            number = written[0].change_set
            return number, written, flag(cur, number, [one.id for one in written])

    def _published(self, write: Write, request: Request, status: int) -> Answer:
        """Write and publish at once, for programs that want it whole or not at all."""
        written: list[Written] = []
        title = say("change-set.strict", request.language)
        done = write_and_publish(self._store.database, title, lambda cur: written.extend(write(cur)))
        headers = [("Preference-Applied", "handling=strict"), ("Cache-Control", "no-store")]
        if status == 201:
            headers.append(("Location", self._address(done.codes[written[0].id])))
        return Answer(orjson.dumps(publication_answer(done)), JSON, status, headers)

    def _sent(self, request: Request) -> SentFeature:
        types = (MERGE_PATCH, GEOJSON, JSON) if request.method == "PATCH" else (GEOJSON, JSON)
        return read_feature(read_json(request, *types), self._crs(request))

    def _crs(self, request: Request) -> str:
        return sent_crs(request, offered_crs(self._store.city().metric_srid))

    def _address(self, id_: str) -> str:
        return f"{self._base}/collections/{GRID_EDITS.id}/items/{quote(id_, safe='')}"

    def _headers(self, number: int, written: Written | None) -> list[tuple[str, str]]:
        findings = f"{self._base}/collections/findings/items?change_set={number}"
        headers = [
            (SET_HEADER, str(number)),
            ("Cache-Control", "no-store"),
            ("Link", f'<{findings}>; rel="related"; type="{GEOJSON}"'),
        ]
        return [*headers, ("ETag", written.tag)] if written and written.tag else headers


def _batch(content: dict[str, Any], crs: str) -> tuple[list[SentFeature], list[str]]:
    """Features to write, and ids of those to delete: these have neither a geometry nor properties."""
    features = content.get("features")
    if not isinstance(features, list) or not features:
        raise InvalidInput("edit.not-a-feature")
    gone = [str(one["id"]) for one in features if _is_deletion(one)]
    return [read_feature(one, crs) for one in features if not _is_deletion(one)], gone


def _is_deletion(one: object) -> bool:
    return isinstance(one, dict) and one.get("id") is not None and not one.get("geometry") and not one.get("properties")


def _check_may_write(layer: Layer, request: Request) -> None:
    if layer.writers is None or layer is not GRID_EDITS:
        raise InvalidInput("app.method", path=request.path, method=request.method, allowed=allowed(request))
    if not current().reaches(layer.writers):
        refusal = NeedsKey if current().role == "public" else Forbidden
        raise refusal("change-set.role")
