"""The addresses ``/guides``, ``/guides/{name}`` and ``/guides/pictures/{file}``."""

from __future__ import annotations

import hashlib
from pathlib import PurePath

from config.guides.guide import NAMES, guide, guides, picture
from config.pages.templating import CONTENT_SECURITY_POLICY, render
from config.web.http import Answer, Request, matches

_TYPES = {".webp": "image/webp", ".png": "image/png"}


def guide_answer(parts: list[str], request: Request, base_url: str) -> Answer | None:
    """The answer of an address below ``/guides``; None where there is nothing.

    Parameters
    ----------
    parts : list of str
        What follows ``/guides``.
    request : Request
    base_url : str
        Root of the service without a slash at its end.
    """
    language = request.language
    match parts:
        case []:
            return _page(render("guides/index.html", {"guides": guides(language, base_url)}, language, base_url))
        case [name] if name in NAMES:
            data = {"guide": guide(name, language, base_url), "guides": guides(language, base_url)}
            return _page(render("guides/guide.html", data, language, base_url))
        case ["pictures", name]:
            body = picture(name)
            if body is None:
                return None
            etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
            headers = [("ETag", etag), ("Cache-Control", "public, max-age=3600")]
            if matches(request, etag):
                return Answer(b"", "", 304, headers)
            return Answer(body, _TYPES[PurePath(name).suffix], 200, headers)
    return None


def _page(html: str) -> Answer:
    headers = [("Cache-Control", "no-cache"), ("Content-Security-Policy", CONTENT_SECURITY_POLICY)]
    return Answer(html.encode(), "text/html; charset=utf-8", 200, headers)
