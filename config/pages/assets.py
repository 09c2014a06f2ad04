"""Files that pages load: our own styles and scripts, the map library from its package, and glyphs for map labels."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from config.pages.glyphs import glyphs

ASSETS = Path(__file__).parent / "assets"
LIBRARY = ("maplibre-gl.js", "maplibre-gl.css")
"""Files of the package ``maplibre``, which carries MapLibre GL JS."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_GLYPHS = re.compile(r"glyphs-(\d{1,5})-(\d{1,5})\.pbf")
_IMPORT = re.compile(r'^import .* from "\./([a-z0-9-]+\.js)";$', re.MULTILINE)
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


def asset(name: str) -> tuple[bytes, str, str] | None:
    """A file that pages load.

    Parameters
    ----------
    name : str
        What follows ``/assets/``: a file name; ``glyphs-{first}-{last}.pbf`` for glyphs.

    Returns
    -------
    (body, media type, entity tag with its quotes) or None
        None when there is no such file; a name with a folder in it never reaches the disk.
    """
    wanted = _GLYPHS.fullmatch(name)
    if wanted:
        body = glyphs(int(wanted[1]), int(wanted[2]))
        return None if body is None else (body, "application/x-protobuf", _tag(body))
    return _file(name) if _NAME.fullmatch(name) and name in names() else None


@cache
def names() -> frozenset[str]:
    """Names of all files that :func:`asset` serves, glyphs aside."""
    return frozenset(path.name for path in ASSETS.iterdir() if path.suffix in _TYPES) | frozenset(LIBRARY)


@cache
def version() -> str:
    """A name of the whole set of files: a page that asks for them below it never mixes those of two releases."""
    return hashlib.sha256("".join(_file(name)[2] for name in sorted(names())).encode()).hexdigest()[:12]


def modules(entry: str) -> tuple[str, ...]:
    """Modules that a module of ours imports, directly or through others, so that a page can ask for all at once."""
    found: dict[str, None] = {}
    waiting = [entry]
    while waiting:
        for name in _IMPORT.findall(_file(waiting.pop())[0].decode()):
            if name not in found:
                found[name] = None
                waiting.append(name)
    return tuple(found)


@cache
def _file(name: str) -> tuple[bytes, str, str]:
    body = (files("maplibre") / "srcjs" / name if name in LIBRARY else ASSETS / name).read_bytes()
    suffix = Path(name).suffix
    return body, _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream", _tag(body)


def _tag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:20]}"'
