"""Our feature provider for pygeoapi: every representation that it makes comes from the query builder of the hot
routes.
"""

from __future__ import annotations

from typing import Any

import orjson
from pygeoapi.provider.base import BaseProvider

from layers.catalogue.catalogue import CATALOGUE
from layers.catalogue.layer import Layer
from layers.features.items_request import ItemsRequest, asked, field_value
from layers.features.moments import parse_period
from layers.store import bound_store


class FeatureProvider(BaseProvider):
    """Features of one layer of the catalogue.

    Parameters
    ----------
    provider_def : dict
        pygeoapi's definition; ``data`` is the layer's id.
    """

    def __init__(self, provider_def: dict[str, Any]) -> None:
        super().__init__(provider_def)  # type: ignore[no-untyped-call]
        self.layer: Layer = CATALOGUE[provider_def["data"]]
        self.get_fields()

    def get_fields(self) -> dict[str, dict[str, Any]]:
        """Fields by name with their JSON type and format."""
        if not self._fields:
            self._fields = {field.name: json_type(field.type) for field in self.layer.fields}
        fields: dict[str, dict[str, Any]] = self._fields
        return fields

    def query(
        self,
        offset: int = 0,
        limit: int = 10,
        resulttype: str = "results",
        bbox: list[float] | None = None,
        datetime_: str | None = None,
        properties: list[tuple[str, str]] | None = None,
        sortby: list[dict[str, str]] | None = None,
        select_properties: list[str] | None = None,
        skip_geometry: bool = False,
        **_others: Any,
    ) -> dict[str, Any]:
        """A page of features as a FeatureCollection.

        The app has parsed the request before pygeoapi did, and more of it than pygeoapi can; what pygeoapi hands over
        is
        used only where there is no such request.
        """
        request = asked.get()
        if request is None:
            request = ItemsRequest(
                limit=limit,
                offset=offset,
                bbox=tuple(bbox) if bbox else None,
                period=parse_period(datetime_) if datetime_ else None,
                equals=tuple((key, field_value(self.layer, key, value)) for key, value in properties or []),
                sortby=tuple((key["property"], key["order"] == "-") for key in sortby or []),
                properties=tuple(select_properties) if select_properties else None,
                geometry=not skip_geometry,
                hits_only=resulttype == "hits",
            )
        page = bound_store().features.page(self.layer, request)
        return {
            "type": "FeatureCollection",
            "features": [orjson.loads(text) for text in page.features],
            "numberMatched": page.matched,
            "numberReturned": len(page.features),
            "nextCursor": page.next_cursor,
        }

    def get(self, identifier: str, **_others: Any) -> dict[str, Any]:
        """One feature.

        Raises
        ------
        NotFound
            When there is none of that id, or none that the identity sees.
        """
        text, *_ = bound_store().features.one(self.layer, identifier, asked.get() or ItemsRequest())
        feature: dict[str, Any] = orjson.loads(text)
        return feature


def json_type(kind: str) -> dict[str, Any]:
    """JSON schema of a field's type."""
    if kind in ("date", "date-time"):
        return {"type": "string", "format": kind}
    if kind == "array":
        return {"type": "array", "items": {"type": "string"}}
    return {"type": kind}
