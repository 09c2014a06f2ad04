"""JSON Schema of today as OpenAPI 3.0 writes it."""

from __future__ import annotations

from typing import Any

_NULL = {"type": "null"}
_UNKNOWN = (
    "anyOf", "const", "prefixItems", "examples", "contentMediaType", "contentEncoding", "$defs", "title_zh",
    "description_zh",
)  # fmt: skip


def openapi_schema(schema: Any) -> Any:
    """A JSON Schema (2020-12, as pydantic makes it) in the dialect of OpenAPI 3.0.

    Parameters
    ----------
    schema : object
        The schema or a part of it.

    Returns
    -------
    object
        The same meaning: null as ``nullable``, ``const`` as an ``enum`` of one, exclusive bounds as flags, tuples as
        arrays of anything.

    Examples
    --------
    >>> openapi_schema({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None})
    {'default': None, 'type': 'string', 'nullable': True}
    """
    if isinstance(schema, list):
        return [openapi_schema(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    said = {key: value for key, value in schema.items() if key not in _UNKNOWN}
    if isinstance(said.get("type"), list):
        kinds = [kind for kind in said["type"] if kind != "null"]
        said |= {"type": kinds[0]} | ({"nullable": True} if len(kinds) < len(schema["type"]) else {})
    for bound, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(said.get(bound), int | float) and not isinstance(said[bound], bool):
            said |= {plain: said[bound], bound: True}
    if "const" in schema:
        said["enum"] = [schema["const"]]
    if "prefixItems" in schema:
        said["items"] = {}
    for key, value in said.items():
        named = key == "properties"
        said[key] = {name: openapi_schema(part) for name, part in value.items()} if named else openapi_schema(value)
    if "anyOf" in schema:
        choices = [openapi_schema(part) for part in schema["anyOf"] if part != _NULL]
        said |= choices[0] if len(choices) == 1 else {"anyOf": choices}
        if len(choices) < len(schema["anyOf"]):
            said["nullable"] = True
    return said
