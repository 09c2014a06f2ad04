"""One layer of a QGIS project: where it comes from, how it is drawn, and from which scale on."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, fromstring

from config.qgis.over_time import OverTime, file_of, temporal
from config.styles.mapbox import COUNTED_BELOW, DRAWN_FROM
from config.styles.qml import layer_qml
from layers.catalogue.layer import Layer
from layers.texts import say

_SCALE_OF_ZOOM_0 = 279_541_132
"""Scale of zoom 0 with tiles of 512 pixels at 96 dots an inch, as map pages count zooms."""

_SHOWN_FROM = {**DRAWN_FROM, "cases": COUNTED_BELOW}
"""Zoom from which a layer is drawn; features know no counts, so cases begin where tiles show cases."""

_WKB = {"Point": "Point", "Polygon": "Polygon", "MultiPolygon": "Polygon", "Geometry": "Polygon"}
_STYLE_PARTS = ("renderer-v2", "labeling", "fieldConfiguration", "aliases", "previewExpression", "layerGeometryType")


def datasource(layer: Layer, base_url: str, key: str | None) -> str:
    """Address of a layer as QGIS's OGC API - Features provider reads it: page by page, only what the window shows.

    Parameters
    ----------
    layer : Layer
    base_url : str
        Root of the service.
    key : str, optional
        Written into the project so that it opens without a question; without one QGIS asks.
    """
    parts = [
        "pagingEnabled='true'",
        "restrictToRequestBBOX='1'",
        "preferCoordinatesForWfsT11='false'",
        f"typename='{layer.id}'",
        f"url='{base_url}'",
    ]
    if key is not None:
        parts += ["username='wangge'", f"password='{key}'"]
    return " ".join(["", *parts])


def project_layer(
    layer: Layer,
    base_url: str,
    language: str,
    *,
    box: tuple[float, float, float, float] | None,
    key: str | None = None,
    editable: bool = False,
    over_time: OverTime | None = None,
) -> Element:
    """The element ``maplayer`` of a project.

    Parameters
    ----------
    layer : Layer
    base_url, key
        As in `datasource`.
    language : str
        ``"zh"`` or ``"en"``, of its name, aliases and legend.
    box : tuple of float or None
        West, south, east, north of the city in degrees.
    editable : bool
        Whether the layer is one that staff edit; every other is locked against it.
    over_time : OverTime, optional
        Shows the rows of every day, to be chosen from by time, instead of what the layer answers at once.
    """
    drawn_from = _SHOWN_FROM.get(layer.id)
    root = Element(
        "maplayer",
        type="vector",
        geometry=_WKB[layer.geometry_type],
        hasScaleBasedVisibilityFlag="1" if drawn_from else "0",
        minScale=f"{_SCALE_OF_ZOOM_0 / 2**drawn_from:.0f}" if drawn_from else "0",
        maxScale="0",
        labelsEnabled="1" if layer.style.label else "0",
        readOnly="0" if editable else "1",
        styleCategories="AllStyleCategories",
    )
    if box is not None:
        extent = SubElement(root, "extent")
        for name, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True):
            SubElement(extent, name).text = repr(value)
    SubElement(root, "id").text = layer_key(layer, over_time)
    SubElement(root, "datasource").text = (
        file_of(over_time, base_url, key) if over_time else datasource(layer, base_url, key)
    )
    SubElement(root, "layername").text = layer_name(layer, language, over_time)
    SubElement(root, "abstract").text = layer.description.in_(language)
    root.append(reference_system("EPSG:4326"))
    SubElement(root, "provider", encoding="UTF-8").text = provider(over_time)
    flags = SubElement(root, "flags")
    for name, on in (("Identifiable", "1"), ("Removable", "1"), ("Searchable", "1"), ("Private", "0")):
        SubElement(flags, name).text = on
    temporal(root, layer, over_time)
    style = fromstring(layer_qml(layer, language).split("\n", 1)[1])
    for name in _STYLE_PARTS:
        found = style.find(name)
        if found is not None:
            root.append(found)
    return root


def layer_key(layer: Layer, over_time: OverTime | None = None) -> str:
    """Name of a layer inside a project; it stays, so that a project made again finds its layers."""
    return f"wangge_{layer.id.replace('-', '_')}" + ("_over_time" if over_time else "")


def layer_name(layer: Layer, language: str, over_time: OverTime | None = None) -> str:
    """Name of a layer as the legend has it."""
    return say(over_time.title, language) if over_time else layer.title.in_(language)


def provider(over_time: OverTime | None = None) -> str:
    """What QGIS calls the part of it that reads the layer."""
    return "ogr" if over_time else "OAPIF"


def reference_system(authority: str, tag: str = "srs") -> Element:
    """A CRS as QGIS writes one; of the authority's code it makes everything else when it reads it."""
    root = Element(tag)
    system = SubElement(root, "spatialrefsys")
    # QGIS looks at the authority's code only where a number of its own table stands beside it, whichever that is
    SubElement(system, "srsid").text = "1"
    SubElement(system, "authid").text = authority
    SubElement(system, "srid").text = authority.partition(":")[2]
    return root
