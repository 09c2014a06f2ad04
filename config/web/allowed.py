"""Which methods an address takes: for OPTIONS, and for who used another."""

from __future__ import annotations

import re

from config.web.http import Request
from layers.catalogue.cases import CASES
from layers.catalogue.catalogue import CATALOGUE
from layers.identity import current

_JOB = re.compile(r"/jobs/[^/]+")
_ITEMS = re.compile(r"/collections/([^/]+)/items(/[^/]+)?")


def allowed(request: Request) -> str:
    """Methods as the header Allow lists them.

    QGIS switches its editing on by what stands here, whether or not the feature exists, so it hangs on the key.

    Parameters
    ----------
    request : Request
        As it came, for the current identity.
    """
    if request.path.endswith("/execution"):
        return "POST, OPTIONS"
    if _JOB.fullmatch(request.path):
        return "GET, HEAD, DELETE, OPTIONS"
    items = _ITEMS.fullmatch(request.path)
    layer = CATALOGUE.get(items[1]) if items else None
    if items and layer is CASES and current().reaches("staff"):
        return "GET, HEAD, PATCH, OPTIONS" if items[2] else "GET, HEAD, POST, OPTIONS"
    if items and layer and layer.writers and current().reaches(layer.writers):
        return "GET, HEAD, PUT, PATCH, DELETE, OPTIONS" if items[2] else "GET, HEAD, POST, OPTIONS"
    return "GET, HEAD, OPTIONS"
