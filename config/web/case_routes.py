"""Routes that take cases in: one, a batch, or a step of one, as OGC API - Features Part 4 writes features."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson

from config.web.allowed import allowed
from config.web.bodies import GEOJSON, JSON, MERGE_PATCH, read_json, sent_crs
from config.web.http import Answer, Request
from config.web.items_routes import handling
from geo.crs import CRS84_URI
from geo.errors import Conflict, InvalidInput, NeedsKey
from layers.catalogue.cases import CASES
from layers.features.items_request import ItemsRequest, offered_crs
from layers.identity import current
from layers.intake.intake import Intake, Taken
from layers.intake.sent_cases import read_features
from layers.store import Store

_OF_THE_PLACE = ("grid_code", "village_code", "township_code")


class CaseRoutes:
    """Writes below ``/collections/cases/items``.

    Parameters
    ----------
    store : Store
        Whose database takes them.
    base_url : str
        Address that links begin with.
    """

    def __init__(self, store: Store, base_url: str) -> None:
        self._store = store
        self._base = base_url
        self._intake = Intake(store.database, store.versions)

    def write(self, id_: str | None, request: Request) -> Answer:
        """Answer a request that writes.

        Parameters
        ----------
        id_ : str or None
            Number of the case; None for the collection.
        request : Request
            POST of a Feature or FeatureCollection, or PATCH of what has changed of one.

        Raises
        ------
        InvalidInput, NeedsKey, Forbidden, NotFound, Conflict
            What was wrong; nothing is written then.
        """
        if not current().reaches("staff"):
            raise NeedsKey("intake.role")
        unknown = set(request.params) - {"f", "lang"}
        if unknown:
            raise InvalidInput("query.parameter", parameter=min(unknown), known="f, lang")
        if id_ is None and request.method == "POST":
            return self._post(request)
        if id_ is not None and request.method == "PATCH":
            return self._patch(id_, request)
        raise InvalidInput("app.method", path=request.path, method=request.method, allowed=allowed(request))

    def _post(self, request: Request) -> Answer:
        content = read_json(request, GEOJSON, JSON)
        features = read_features(content)
        # a program that asks for leniency is told what was left out; QGIS sends the fields of the layer and no more
        taken = self._intake.take(features, self._crs(request), strip=handling(request) == "lenient")
        single = content.get("type") == "Feature"
        headers = [("Cache-Control", "no-store")]
        if handling(request):
            headers.append(("Preference-Applied", f"handling={handling(request)}"))
        if single:
            headers.append(("Location", self._address(taken.cases[0][0])))
        made = single and taken.cases[0][1] == "new"
        return Answer(orjson.dumps(self._report(taken)), JSON, 201 if made else 200, headers)

    def _patch(self, id_: str, request: Request) -> Answer:
        """A step of a case, or a correction; what is not sent stays, and a null takes a value away."""
        sent = read_json(request, MERGE_PATCH, GEOJSON, JSON)
        if not isinstance(sent, dict) or not isinstance(sent.get("properties") or {}, dict):
            raise InvalidInput("intake.no-features")
        there: dict[str, Any] = orjson.loads(self._store.features.one(CASES, id_, ItemsRequest())[0])
        changes = sent.get("properties") or {}
        if changes.get("case_no", id_) != id_:
            raise InvalidInput("intake.number", case=id_)
        if changes.get("state") == "处置":
            changes = {"checked_at": None} | changes  # a check that failed is no time of the case
        moved = sent.get("geometry")
        feature = there | {"properties": there["properties"] | changes}
        if moved is not None:
            feature["geometry"] = moved
            # what follows from the place follows anew
            feature["properties"] |= {name: changes.get(name) for name in _OF_THE_PLACE}
        taken = self._intake.take([feature], CRS84_URI if moved is None else self._crs(request))
        if taken.cases[0][1] == "older":
            raise Conflict("intake.older", case=id_)
        return Answer(b"", "", 204, [("Cache-Control", "no-store")])

    def _report(self, taken: Taken) -> dict[str, Any]:
        return {
            "cases": [
                {"id": number, "outcome": outcome, "href": self._address(number)} for number, outcome in taken.cases
            ],
            "stripped": taken.stripped,
        }

    def _crs(self, request: Request) -> str:
        return sent_crs(request, offered_crs(self._store.city().metric_srid))

    def _address(self, number: str) -> str:
        return f"{self._base}/collections/{CASES.id}/items/{quote(number, safe='')}"
