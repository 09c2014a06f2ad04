"""The page of a map: Leaflet and our own controls written into it, so that it asks nobody for anything."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from branca.element import Element, MacroElement
from folium.template import Template


class Text(Element):
    """Text in the head of the page as it is."""

    _template = Template("{{ this.text }}")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Call(MacroElement):
    """A call of one of our own controls for a map or one of its layers."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "wangge.{{ this.what }}({{ this.map.get_name() }}, {{ this.of.get_name() }}, {{ this.given }});"
        "{% endmacro %}"
    )

    def __init__(self, what: str, map_: Element, of: Element, given: Any) -> None:
        super().__init__()
        self._name, self.what, self.map, self.of, self.given = "Call", what, map_, of, literal(given)


def literal(given: Any) -> str:
    """Data as JavaScript that nothing in it can break out of.

    The package takes every script for a template once more, and would run what stands between double braces in
    somebody's data. In JSON such braces are always inside a text, where they can be spelled otherwise.
    """
    text = json.dumps(given, ensure_ascii=False, separators=(",", ":"))
    return re.sub(r"[<>&\u2028\u2029]|\{(?=[{%#])", lambda found: f"\\u{ord(found[0]):04x}", text)


def label(text: str) -> str:
    """A text as HTML that is no template either."""
    return escape(text).replace("{", "&#123;")


@cache
def page() -> str:
    """Leaflet and our own controls, as the page has them in itself."""
    here = files("wangge_client")
    script, style = (gzip.decompress((here / "leaflet" / f"leaflet.{kind}.gz").read_bytes()).decode()
                     for kind in ("js", "css"))  # fmt: skip
    # pictures of markers and buttons that none of our maps has, and what only debuggers want, would be asked for
    style = re.sub(r"url\((?!#)[^)]*\)", "none", style)
    script = re.sub(r"//# sourceMappingURL=.*", "", script)
    own = [(here / f"page.{kind}").read_text("utf-8") for kind in ("css", "js")]
    return f"<style>{style}\n{own[0]}</style>\n<script>{script}</script>\n<script>{own[1]}</script>"
