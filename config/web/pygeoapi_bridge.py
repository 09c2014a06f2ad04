"""pygeoapi behind our app: its configuration handed over, its shortcomings mended in one place.

pygeoapi reads its configuration when its Flask module is imported and builds its answers from module-level functions,
so what must
differ is replaced here, by name, and nowhere else.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from config.settings import hand_over
from config.web.conformance import CONFORMANCE
from config.web.http import Environ, StartResponse
from config.web.raster_description import raster_description
from geo.crs import CRS84_URI
from layers.catalogue.catalogue import CATALOGUE, RASTERS
from layers.exporting.formats import DOWNLOADS
from layers.features.items_request import offered_crs
from layers.features.moments import moment_text
from layers.identity import current
from layers.store import Store
from layers.texts import texts
from processes.answers import as_json
from processes.jobs.manager import PROCESS

WsgiApp = Callable[[Environ, StartResponse], Any]


class VisibleResources(dict[str, Any]):
    """Resources of the configuration as the current identity may see them: what it may not read is not listed."""

    def _shown(self, id_: object) -> bool:
        layer = CATALOGUE.get(str(id_)) or RASTERS.get(str(id_))
        return layer is None or current().reaches(layer.readers)

    def __getitem__(self, id_: str) -> Any:
        # pygeoapi looks for the templates of a process by its plain id
        return super().__getitem__(id_ if super().__contains__(id_) else f"{PROCESS}{id_}")

    def __iter__(self) -> Iterator[str]:
        return (id_ for id_ in super().__iter__() if self._shown(id_))

    def __contains__(self, id_: object) -> bool:
        return super().__contains__(id_) and self._shown(id_)

    def __deepcopy__(self, _memo: Any) -> VisibleResources:
        return self

    def keys(self) -> Any:
        """Ids of what may be seen."""
        return list(self)

    def items(self) -> Any:
        """Ids and definitions of what may be seen."""
        return [(id_, self[id_]) for id_ in self]

    def values(self) -> Any:
        """Definitions of what may be seen."""
        return [self[id_] for id_ in self]


def load_pygeoapi(config: dict[str, Any], openapi: dict[str, Any], asyncapi: dict[str, Any], store: Store) -> Any:
    """pygeoapi's Flask app with our configuration.

    Parameters
    ----------
    config, openapi, asyncapi : dict
        Of `config.web.pygeoapi_config`, `config.web.openapi` and `config.push.asyncapi`.
    store : Store
        For live extents.

    Returns
    -------
    flask.Flask
        The app; errors of ours pass through it, so that they are said in one place.
    """
    with tempfile.TemporaryDirectory(prefix="wangge-") as folder:
        documents = {"PYGEOAPI_CONFIG": config, "PYGEOAPI_OPENAPI": openapi, "PYGEOAPI_ASYNCAPI": asyncapi}
        for name, content in documents.items():
            path = Path(folder) / f"{name.lower()}.json"
            path.write_text(json.dumps(content), "utf-8")
            hand_over(name, str(path))
        import pygeoapi.flask_app as flask_app
    api = flask_app.api_
    api.config["resources"] = VisibleResources(api.config["resources"])
    api.tpl_config["resources"] = api.config["resources"]
    _replace("to_json", _to_json)
    _replace("gen_collection", _live_collections(sys.modules["pygeoapi.api.collection"].gen_collection, store))
    _declare_conformance()
    _translate_titles()
    app = flask_app.APP
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.config["TRAP_HTTP_EXCEPTIONS"] = True
    from config.pages.templating import install

    install()
    return app


def _replace(name: str, replacement: Callable[..., Any]) -> None:
    """Put a function in the place of pygeoapi's in every module that imported it by name."""
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith("pygeoapi") and hasattr(module, name):
            setattr(module, name, replacement)


def _to_json(content: Any, pretty: bool = False) -> str:
    """JSON with Chinese and angle brackets as they are; pygeoapi's own turns both into escapes."""
    return as_json(content).decode()


def _live_collections(stock: Callable[..., dict[str, Any]], store: Store) -> Callable[..., dict[str, Any]]:
    """Collection descriptions with the extent and count of what the current identity sees, and its files.

    The files are added here: of an enclosure in its configuration pygeoapi asks the address for the length.
    """

    def described(api: Any, request: Any, dataset: str, locale_: Any) -> dict[str, Any]:
        description = stock(api, request, dataset, locale_)
        if dataset in RASTERS:
            language = "zh" if _is_chinese(str(locale_)) else "en"
            return raster_description(RASTERS[dataset], description, store, api.base_url, language)
        layer = CATALOGUE[dataset]
        bounds = store.features.bounds(layer)
        box = bounds.box or store.city().box
        if box is not None:
            description["extent"]["spatial"]["bbox"] = [list(box)]
        if layer.time:
            temporal: dict[str, Any] = {"interval": [[moment_text(edge) for edge in bounds.times]]}
            if bounds.days:
                # an irregular grid of OGC API Common: the days that are worth asking for
                temporal["grid"] = {"cellsCount": len(bounds.days), "coordinates": list(bounds.days)}
            description["extent"]["temporal"] = temporal
        description["itemCount"] = bounds.count
        if layer.record:
            # records come in every CRS as well, which pygeoapi says of features alone
            crs = list(offered_crs(store.city().metric_srid))
            description |= {"crs": crs, "storageCrs": CRS84_URI}
        language = "zh" if _is_chinese(str(locale_)) else "en"
        description["links"] += [
            {
                "rel": "enclosure",
                "type": format_.media_type,
                "title": format_.title.in_(language),
                "href": f"{api.base_url}/collections/{dataset}/items?f={format_.id}",
            }
            for format_ in DOWNLOADS.values()
        ]
        return description

    return described


def _declare_conformance() -> None:
    """Our list in the place of pygeoapi's, which names classes that it does not serve and leaves out some that we
    do.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith("pygeoapi.api"):
            for list_name in ("CONFORMANCE_CLASSES", "CONFORMANCE_CLASSES_FEATURES", "CONFORMANCE_CLASSES_RECORDS"):
                if hasattr(module, list_name):
                    setattr(module, list_name, list(CONFORMANCE) if name == "pygeoapi.api" else [])


def _translate_titles() -> None:
    """Titles of links in Chinese: pygeoapi has no Chinese catalogue."""
    from pygeoapi import l10n

    stock = l10n.translate
    words = {text.en: text.zh for key, text in texts().items() if key.startswith("link.")}

    def translate(value: Any, language: Any) -> Any:
        if isinstance(value, str):
            return words.get(value, value) if _is_chinese(str(language)) else value
        return stock(value, language)

    l10n.translate = translate


@lru_cache(maxsize=50)
def _is_chinese(language: str) -> bool:
    return language.lower().startswith("zh")
