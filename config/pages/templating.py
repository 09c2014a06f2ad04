"""HTML pages: one cached Jinja environment in place of the one that pygeoapi builds for every request."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import flask
import pygeoapi.util as pygeoapi_util
from babel import Locale
from jinja2 import Environment, FileSystemLoader, select_autoescape
from pygeoapi import __version__ as pygeoapi_version
from pygeoapi import l10n

from config.pages import assets, preview, values
from config.styles.legend import legend
from layers.catalogue.catalogue import CATALOGUE, RASTERS
from layers.catalogue.layer import Layer
from layers.exporting.formats import DOWNLOADS
from layers.text import LANGUAGES
from layers.texts import say

TEMPLATES = Path(__file__).parent / "templates"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; worker-src blob:; child-src blob:; "
    "style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
"""What a page of ours may load: itself. The map library needs blob workers."""

PageContext = Callable[[], Mapping[str, Any]]
_context: PageContext = dict


def page_context() -> dict[str, Any]:
    """City and reader, as the provider says."""
    return dict(_context())


def set_page_context(provider: PageContext) -> None:
    """Say where every page finds its city and who is looking.

    Parameters
    ----------
    provider : callable
        Called once a page in the thread of the request; returns ``{"sample": bool, "city": {"code", "name",
        "name_en", "bbox"}, "identity": {"role", "name"}}``. Keys may be missing.
    """
    global _context
    _context = provider


@cache
def environment() -> Environment:
    """The environment of all pages: our templates first, then pygeoapi's own.

    pygeoapi's HTML templates load scripts from elsewhere in blocks that our ``_base.html`` doesn't have, so even those
    that we don't replace load nothing from the internet.
    """
    env = Environment(
        loader=FileSystemLoader([TEMPLATES, pygeoapi_util.TEMPLATESDIR]),
        extensions=["jinja2.ext.i18n"],
        autoescape=select_autoescape(disabled_extensions=("jsonld", "txt"), default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.install_null_translations()  # type: ignore[attr-defined]
    for name in (
        "to_json",
        "format_datetime",
        "format_duration",
        "human_size",
        "get_path_basename",
        "get_breadcrumbs",
        "filter_dict_by_key_value",
    ):
        helper = getattr(pygeoapi_util, name)
        env.filters[name] = helper
        env.globals[name] = helper
    env.filters["script_json"] = values.script_json
    env.filters["compact_json"] = values.readable_json
    env.filters["local"] = values.local_path
    env.filters["instant"] = lambda text: values.instant(str(text)) if text else ""
    env.globals.update(
        layer_of=layer_of,
        legend=legend,
        query=query,
        with_query=with_query,
        link=link,
        layers=CATALOGUE,
        file_formats=tuple(DOWNLOADS.values()),
        rasters=RASTERS,
    )
    return env


def render(template: str, data: Any, language: str, base_url: str, config: Mapping[str, Any] | None = None) -> str:
    """One page as HTML.

    Parameters
    ----------
    template : str
        Path below the templates folder.
    data : object
        What the page shows.
    language : str
        ``"zh"`` or ``"en"``.
    base_url : str
        Root of the service without a slash at its end.
    config : mapping, optional
        pygeoapi's configuration, its metadata already in ``language``.
    """
    context = page_context()
    city = context.get("city") or {}
    root = urlsplit(base_url).path.rstrip("/")
    return (
        environment()
        .get_template(template)
        .render(
            data=data,
            config=config or {"server": {"url": base_url}, "metadata": {}, "resources": {}},
            language=language,
            other_language=next(known for known in LANGUAGES if known != language),
            locale=language,
            version=pygeoapi_version,
            base_url=base_url,
            root=root,
            assets=f"{root}/assets/{assets.version()}",
            modules=assets.modules,
            t=partial(_word, language),
            show=partial(values.show, language),
            title_of=partial(values.title_of, language),
            layer_titles={id_: layer.title.in_(language) for id_, layer in (CATALOGUE | RASTERS).items()},
            preview=partial(preview.preview, base_url=base_url, language=language),
            city=city,
            city_name=city.get("name_en" if language == "en" else "name") or city.get("name") or "",
            sample=bool(context.get("sample")),
            identity=context.get("identity") or {},
        )
    )


def render_j2_template(config: dict[str, Any], tpl_config: Any, template: Any, data: Any, locale_: Any = None) -> str:
    """What pygeoapi calls for a page; the same arguments and answer as ``pygeoapi.util.render_j2_template``."""
    name = str(template)
    # pygeoapi words every error in the system's language, whoever asks.
    language = _asked_language(config) if name == "exception.html" or locale_ is None else _language(locale_)
    translated = {**config, "metadata": l10n.translate_struct(config.get("metadata", {}), Locale(language))}
    return render(name, data, language, config["server"]["url"].rstrip("/"), translated)


def install() -> None:
    """Put our renderer in every module of pygeoapi that imported the stock one by name."""
    stock = "render_j2_template"
    for name, module in list(sys.modules.items()):
        if name.startswith("pygeoapi") and hasattr(module, stock):
            setattr(module, stock, render_j2_template)


def layer_of(path: str | None) -> Layer | None:
    """The layer that an id or a URL below ``/collections/{id}`` names, or None."""
    if path is None:
        return None
    parts = urlsplit(path).path.split("/")
    if "collections" in parts:
        parts = parts[parts.index("collections") + 1 :]
    return CATALOGUE.get(parts[0]) if parts else None


def link(links: list[dict[str, Any]] | None, rel: str) -> str | None:
    """Address of the first link with that relation, or None."""
    return next((entry["href"] for entry in links or [] if entry.get("rel") == rel and entry.get("href")), None)


def query() -> dict[str, str]:
    """Query parameters of the page, as the reader sent them.

    The app rewrites the query before pygeoapi reads it, and leaves what was sent in ``wangge.query`` of the WSGI
    environment.
    """
    if not flask.has_request_context():
        return {}
    sent = flask.request.environ.get("wangge.query", flask.request.environ.get("QUERY_STRING", ""))
    return dict(parse_qsl(sent, keep_blank_values=True))


def with_query(href: str, **changes: str | int | None) -> str:
    """``href`` with those query parameters set, or dropped where None."""
    parts = urlsplit(href)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return urlunsplit(parts._replace(query=urlencode(query)))


def _word(language: str, key: str, /, **placeholders: object) -> str:
    return say(f"page.{key}", language, **placeholders)


def _language(locale_: Any) -> str:
    return "zh" if str(locale_).lower().startswith("zh") else "en"


def _asked_language(config: Mapping[str, Any]) -> str:
    default = _language((config["server"].get("languages") or ["zh"])[0])
    if not flask.has_request_context():
        return default
    asked = flask.request.args.get("lang")
    if asked:
        return _language(asked)
    best = flask.request.accept_languages.best_match(["zh", "zh-CN", "zh-TW", "zh-HK", "en", "en-US", "en-GB"])
    return _language(best) if best else default
