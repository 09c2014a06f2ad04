"""What the service tells, as an AsyncAPI 3.0 document: a channel a layer, each with the event that comes through it."""

from __future__ import annotations

from typing import Any

from config.push.cloud_event import MEDIA_TYPE
from layers.catalogue.catalogue import CATALOGUE
from layers.push.subscriptions import TOLD_LAYERS
from layers.texts import say

OPERATIONS = ("created", "updated", "deleted")
_JSON = {"integer": "integer", "number": "number", "boolean": "boolean", "array": "array"}


def asyncapi_document(base_url: str, language: str = "en") -> dict[str, Any]:
    """The document.

    Parameters
    ----------
    base_url : str
        Root of the service, where the sources of events begin.
    language : str
        ``"zh"`` or ``"en"``.
    """
    return {
        "asyncapi": "3.0.0",
        "id": f"{base_url}/asyncapi",
        "info": {
            "title": say("push.asyncapi.title", language),
            "version": "1.0.0",
            "description": say("push.asyncapi.about", language),
            "externalDocs": {"url": f"{base_url}/processes/subscribe"},
        },
        "defaultContentType": MEDIA_TYPE,
        "channels": {layer: _channel(layer, language) for layer in TOLD_LAYERS},
        "operations": {
            f"tell-{layer}": {"action": "send", "channel": {"$ref": f"#/channels/{layer}"}} for layer in TOLD_LAYERS
        },
        "components": {"messages": {layer: _message(layer, base_url, language) for layer in TOLD_LAYERS}},
    }


def _channel(layer: str, language: str) -> dict[str, Any]:
    return {
        "address": f"{{root}}/{layer}/{{township}}/{{operation}}",
        "title": _title(layer, language),
        "messages": {layer: {"$ref": f"#/components/messages/{layer}"}},
        "parameters": {
            "root": {"description": say("push.asyncapi.root", language)},
            "township": {"description": say("push.asyncapi.township", language)},
            "operation": {"enum": list(OPERATIONS), "description": say("push.asyncapi.operation", language)},
        },
    }


def _message(layer: str, base_url: str, language: str) -> dict[str, Any]:
    source = f"{base_url}/jobs" if layer == "jobs" else f"{base_url}/collections/{layer}"
    known = CATALOGUE.get(layer)
    fields = {} if known is None else {
        field.name: {"type": [_JSON.get(field.type, "string"), "null"], "title": field.title.in_(language)}
        for field in known.fields
    }  # fmt: skip
    return {
        "name": layer,
        "title": _title(layer, language),
        "contentType": MEDIA_TYPE,
        "payload": {
            "type": "object",
            "required": ["specversion", "id", "source", "type", "subject", "time", "sequence", "data"],
            "properties": {
                "specversion": {"const": "1.0"},
                "id": {"type": "string", "format": "uuid"},
                "source": {"const": source},
                "type": {"enum": [f"cn.wangge.{layer}.{operation}" for operation in OPERATIONS]},
                "subject": {"type": "string"},
                "time": {"type": "string", "format": "date-time"},
                "datacontenttype": {"const": "application/json"},
                "sequence": {"type": "string", "pattern": "^[0-9]{20}$"},
                "township": {"type": "string", "pattern": "^[0-9]{9}$"},
                "data": {
                    "type": "object",
                    "required": ["href", "properties"],
                    "properties": {
                        "href": {"type": ["string", "null"], "format": "uri"},
                        "properties": {"type": "object", "properties": fields},
                    },
                },
            },
        },
    }


def _title(layer: str, language: str) -> str:
    known = CATALOGUE.get(layer)
    return say("push.asyncapi.jobs", language) if known is None else known.title.in_(language)
