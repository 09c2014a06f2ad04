"""A change as a CloudEvent (CNCF CloudEvents 1.0, JSON format), the same for every way of sending."""

from __future__ import annotations

from typing import Any

import orjson

from layers.catalogue.catalogue import CATALOGUE
from layers.push.outbox import Event

MEDIA_TYPE = "application/cloudevents+json"

_TYPE = "cn.wangge.{layer}.{operation}"


def cloud_event(event: Event, base_url: str) -> bytes:
    """The event in its structured form.

    Parameters
    ----------
    event : Event
        What happened.
    base_url : str
        Root of the service, where its source and its link begin.

    Returns
    -------
    bytes
        JSON. ``id`` is the same each time the event is sent, so that who gets it twice knows; ``sequence`` rises with
        every event, and for one feature events come in its order.
    """
    return orjson.dumps(document(event, base_url))


def document(event: Event, base_url: str) -> dict[str, Any]:
    """The event before it is written."""
    source = f"{base_url}/jobs" if event.layer == "jobs" else f"{base_url}/collections/{event.layer}"
    link = f"{source}/{event.feature}" if event.layer == "jobs" else f"{source}/items/{event.feature}"
    found: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        "source": source,
        "type": _TYPE.format(layer=event.layer, operation=event.operation),
        "subject": event.feature,
        "time": event.happened_at.isoformat(),
        "datacontenttype": "application/json",
        # an extension of CloudEvents (Sequence): a text that sorts as the events happened
        "sequence": f"{event.number:020d}",
        "data": {"href": None if event.operation == "deleted" else link, "properties": _shown(event)},
    }
    if event.township_code:
        found["township"] = event.township_code
    return found


def _shown(event: Event) -> dict[str, Any]:
    """Only what the catalogue knows of a layer; a column that is no field is nobody's business."""
    layer = CATALOGUE.get(event.layer)
    if layer is None:
        return event.properties
    known = {*layer.names, "geometry_changed"}
    return {name: value for name, value in event.properties.items() if name in known}
