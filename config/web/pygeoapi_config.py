"""pygeoapi's configuration, written from the catalogue, the processes and the settings."""

from __future__ import annotations

from typing import Any

from config.pages.templating import TEMPLATES
from geo.crs import CRS84_URI
from layers.catalogue.catalogue import CATALOGUE, RASTERS
from layers.catalogue.layer import Layer
from layers.catalogue.raster import Raster
from layers.features.items_request import GREATEST_LIMIT, offered_crs
from layers.heat.heat_request import HEAT
from layers.store import City
from layers.text import Text
from layers.tiles.matrix import DEEPEST
from processes.jobs.manager import PROCESS
from processes.registry import PROCESSES

SAMPLE_MARK = Text("（示例数据）", " (sample data)")
_CHINA = [73.0, 3.0, 136.0, 54.0]
_TITLE = Text("网格地理信息服务", "Governance grid service")
_DESCRIPTION = Text(
    "县级市治理网格、监控点位与事件热力的 OGC API 服务，含编码与重叠检查等空间处理。",
    "Grids, cameras and case heat of a county-level city as OGC API services, "
    "with processes for coding and overlap checks.",
)


def marked(text: Text, city: City) -> Text:
    """A title, with the mark of a sample where the city is one."""
    return Text(text.zh + SAMPLE_MARK.zh, text.en + SAMPLE_MARK.en) if city.sample else text


def pygeoapi_config(base_url: str, city: City) -> dict[str, Any]:
    """The whole configuration.

    Parameters
    ----------
    base_url : str
        Address that links begin with.
    city : City
        Named in the titles.
    """
    title = Text(f"{city.name}{_TITLE.zh}", f"{city.name_en or city.name} {_TITLE.en}".strip())
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": 5000},
            "url": base_url,
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "gzip": False,
            "languages": ["zh", "en"],
            "cors": False,
            "pretty_print": False,
            "admin": False,
            # the app pages by key and hands over one page as it stands; pygeoapi must not think that another follows
            "limits": {"default_items": GREATEST_LIMIT + 1, "max_items": GREATEST_LIMIT + 1, "on_exceed": "throttle"},
            "templates": {"path": str(TEMPLATES)},
            "map": {"url": "", "attribution": ""},
            "manager": {"name": "processes.jobs.manager.QueueManager"},
            "api_rules": {"api_version": "1.0.0", "strict_slashes": False},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": marked(title, city).both(),
                "description": _DESCRIPTION.both(),
                "keywords": {"zh": ["网格", "社会治理", "OGC API"], "en": ["governance grid", "OGC API"]},
                "keywords_type": "theme",
                "terms_of_service": f"{base_url}/",
                "url": f"{base_url}/",
            },
            "license": {"name": "MIT", "url": f"{base_url}/"},
            "provider": {"name": "wangge", "url": f"{base_url}/"},
            "contact": {"url": f"{base_url}/"},
        },
        "resources": {layer.id: _collection(layer, base_url, city) for layer in CATALOGUE.values()}
        | {raster.id: _raster(raster, city) for raster in RASTERS.values()}
        | {
            # a process may be called like the layer that shows what came of it, and a resource has but one name
            f"{PROCESS}{id_}": {"type": "process", "processor": {"name": f"{cls.__module__}.{cls.__name__}"}}
            for id_, cls in PROCESSES.items()
        },
    }


def _collection(layer: Layer, base_url: str, city: City) -> dict[str, Any]:
    """One collection; the app puts live extents in the place of this one's."""
    here = f"{base_url}/collections/{layer.id}"
    collection: dict[str, Any] = {
        "type": "collection",
        "title": marked(layer.title, city).both(),
        "description": layer.description.both(),
        "keywords": {"zh": [layer.title.zh], "en": [layer.title.en]},
        "extents": {"spatial": {"bbox": _CHINA, "crs": CRS84_URI}},
        "links": [
            _link(
                "http://www.opengis.net/def/rel/ogc/1.0/sortables",
                "application/schema+json",
                Text("可排序字段", "Sortables"),
                f"{here}/sortables",
            ),
            _link(
                "http://www.opengis.net/def/rel/ogc/1.0/styles",
                "application/vnd.mapbox.style+json",
                Text("样式", "Style"),
                f"{here}/style?f=mapbox",
            ),
            _link(
                "describedby",
                "application/json",
                Text("TileJSON", "TileJSON"),
                f"{here}/tiles/WebMercatorQuad/metadata?f=tilejson",
            ),
        ],
        "providers": [
            {
                "type": "record" if layer.record else "feature",
                "name": "layers.features.provider.FeatureProvider",
                "data": layer.id,
                "id_field": layer.id_field,
                "title_field": _title_field(layer),
                "crs": list(offered_crs(city.metric_srid)),
                "storage_crs": CRS84_URI,
                "editable": False,
            },
            {
                "type": "tile",
                "name": "layers.tiles.provider.TileProvider",
                "data": layer.id,
                "options": {"zoom": {"min": 0, "max": DEEPEST}},
                "format": {"name": "mvt", "mimetype": "application/vnd.mapbox-vector-tile"},
            },
        ],
        "limits": {"default_items": GREATEST_LIMIT + 1, "max_items": GREATEST_LIMIT + 1, "on_exceed": "throttle"},
    }
    if layer.id == HEAT:
        rel = "http://www.opengis.net/def/rel/ogc/1.0/dggrs-list"
        collection["links"].append(_link(rel, "application/json", Text("离散全球网格", "DGGS"), f"{here}/dggs"))
    if layer.time:
        collection["time_field"] = layer.time[0]
    if layer.tiles is None:
        # no map shows it
        collection["links"] = collection["links"][:1]
        collection["providers"] = collection["providers"][:1]
    return collection


def _raster(raster: Raster, city: City) -> dict[str, Any]:
    """The collection of a raster; the app writes its links and extent."""
    return {
        "type": "collection",
        "title": marked(raster.title, city).both(),
        "description": raster.description.both(),
        "keywords": {"zh": [raster.title.zh], "en": [raster.title.en]},
        "extents": {"spatial": {"bbox": _CHINA, "crs": CRS84_URI}},
        "links": [],
        "providers": [
            {
                "type": "coverage",
                "name": "layers.rasters.provider.RasterProvider",
                "data": raster.id,
                "format": {"name": "geotiff", "mimetype": "image/tiff; application=geotiff"},
            }
        ],
    }


def _title_field(layer: Layer) -> str:
    """The field that a feature is called by."""
    return next((name for name in ("name", "title") if layer.field(name)), layer.id_field)


def _link(rel: str, type_: str, title: Text, href: str) -> dict[str, Any]:
    return {"rel": rel, "type": type_, "title": title.both(), "href": href}
