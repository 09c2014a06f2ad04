"""Values as people read them: units, meanings of codes, times of the clock in China."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from markupsafe import Markup

from layers.catalogue.layer import Field, Layer

UNITS = {"m2": "m²", "deg": "°", "m": "m"}
CLOCK = ZoneInfo("Asia/Shanghai")
"""China keeps one time zone; the services' instants are shown in it."""


def title_of(language: str, layer: Layer | None, name: str) -> str:
    """Title of a property: the field's, or the property's name where the catalogue doesn't know it."""
    field = layer.field(name) if layer else None
    return field.title.in_(language) if field else name


def show(language: str, layer: Layer | None, name: str, value: Any) -> str:
    """One value as text.

    Parameters
    ----------
    language : str
        ``"zh"`` or ``"en"``.
    layer : Layer or None
        Whose property it is.
    name : str
        Name of the property.
    value : object
        A JSON value.

    Returns
    -------
    str
        Plain text, never HTML; the empty string for null.
    """
    if value is None:
        return ""
    field = layer.field(name) if layer else None
    if isinstance(value, bool):
        return {"zh": ("否", "是"), "en": ("no", "yes")}["zh" if language == "zh" else "en"][value]
    if isinstance(value, list):
        return "、".join(map(str, value)) if language == "zh" else ", ".join(map(str, value))
    if isinstance(value, dict):
        return readable_json(value)
    if field is None:
        return str(value)
    meaning = dict(field.values).get(str(value))
    if meaning is not None:
        return meaning.in_(language)
    if field.type in ("number", "integer") and isinstance(value, int | float):
        return number(value, field)
    if field.type == "date-time":
        return instant(str(value))
    return str(value)


def number(value: float, field: Field) -> str:
    """Digits in groups of three with the field's unit; at most two decimals, for areas one."""
    decimals = 1 if field.unit == "m2" else 2
    text = f"{value:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    unit = UNITS.get(field.unit or "", field.unit or "")
    return text + ("" if unit in ("", "°") else " ") + unit


def instant(text: str) -> str:
    """An ISO 8601 instant as the minute on the clock in China; what is no instant stays as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(CLOCK).strftime("%Y-%m-%d %H:%M")


def script_json(value: Any) -> Markup:
    """JSON that may stand inside ``<script type="application/json">``: nothing in it can close the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def readable_json(value: Any) -> str:
    """JSON over several lines, Chinese as it is."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def local_path(href: str) -> str:
    """Path and query of an address, so that a page works under whatever host it is reached by."""
    parts = urlsplit(href)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
