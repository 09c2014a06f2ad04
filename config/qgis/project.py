"""A QGIS project (.qgz) of every layer that the asker may read, ready to look at and to edit in."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from config.qgis.map_layer import layer_key, layer_name, project_layer, provider, reference_system
from config.qgis.over_time import OVER_TIME, OverTime, time_settings
from layers.catalogue.layer import Layer
from layers.texts import say
from layers.townships import Township

EDITED = "grid-edits"
"""The one layer that staff edit; the others are locked."""

_SHOWN = ("divisions", "grids", EDITED)
_RANK = {"Point": 0, "Geometry": 1, "MultiPolygon": 2, "Polygon": 3}
_VERTEX_AND_SEGMENT, _PIXELS, _ALL_LAYERS = "3", "1", "2"
_SNAP_PIXELS = "12"


@dataclass(frozen=True)
class ProjectCity:
    """What a project needs to know of the city.

    Attributes
    ----------
    name : str
        In the language of the project.
    metric_srid : int
        EPSG code of the map's CRS, in which lengths and areas are measured.
    box : tuple of float or None
        West, south, east, north in degrees.
    townships : sequence of Township
        Become bookmarks.
    """

    name: str
    metric_srid: int
    box: tuple[float, float, float, float] | None
    townships: Sequence[Township]


def project_qgz(
    layers: Sequence[Layer],
    city: ProjectCity,
    base_url: str,
    language: str,
    *,
    key: str | None = None,
) -> bytes:
    """The project as the file that QGIS opens.

    Parameters
    ----------
    layers : sequence of Layer
        Vector layers of the catalogue, in its order.
    city : ProjectCity
    base_url : str
        Root of the service.
    language : str
        ``"zh"`` or ``"en"``, of names, aliases, legends and meanings.
    key : str, optional
        Written into the project, which then opens without asking for it; whoever has the file has the key.

    Returns
    -------
    bytes
        A zip archive with one document. The same arguments give the same bytes.
    """
    root = _document(layers, city, base_url, language, key)
    indent(root, " ")
    text = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + tostring(root, encoding="unicode") + "\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        # a fixed day instead of today's: the archive hangs on what it holds alone
        archive.writestr(zipfile.ZipInfo("wangge.qgs", (2020, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _document(layers: Sequence[Layer], city: ProjectCity, base_url: str, language: str, key: str | None) -> Element:
    ordered = sorted(layers, key=lambda layer: (layer.id != EDITED, _RANK[layer.geometry_type]))
    shown: list[tuple[Layer, OverTime | None]] = [(layer, None) for layer in ordered]
    shown += [(layer, one) for one in OVER_TIME for layer in ordered if layer.id == one.layer_id]
    title = say("qgis.title", language, city=city.name)
    root = Element("qgis", version="3.22.0", projectname=title)
    SubElement(root, "title").text = title
    root.append(reference_system(f"EPSG:{city.metric_srid}", "projectCrs"))
    tree = SubElement(root, "layer-tree-group")
    held = SubElement(root, "projectlayers")
    order = SubElement(root, "layerorder")
    for layer, one in shown:
        on = layer.id in _SHOWN and one is None
        SubElement(
            tree, "layer-tree-layer", id=layer_key(layer, one), name=layer_name(layer, language, one),
            providerKey=provider(one), checked="Qt::Checked" if on else "Qt::Unchecked", expanded="1" if on else "0",
        )  # fmt: skip
        held.append(
            project_layer(
                layer, base_url, language, box=city.box, key=key, editable=layer.id == EDITED, over_time=one
            )
        )  # fmt: skip
        SubElement(order, "layer", id=layer_key(layer, one))
    time_settings(root)
    _snapping(root, ordered)
    _view(root, city)
    _bookmarks(root, city, language)
    return root


def _snapping(root: Element, layers: Sequence[Layer]) -> None:
    """Borders snap to vertices and segments, a vertex that two grids share moves in both, and new ground leaves the
    neighbours theirs.
    """
    areas = [layer for layer in layers if layer.id in (EDITED, "grids", "divisions")]
    config = SubElement(
        root, "snapping-settings", {
            "enabled": "1", "mode": _ALL_LAYERS, "type": _VERTEX_AND_SEGMENT, "tolerance": _SNAP_PIXELS,
            "unit": _PIXELS, "intersection-snapping": "0", "self-snapping": "0",
        },
    )  # fmt: skip
    each = SubElement(config, "individual-layer-settings")
    for layer in areas:
        SubElement(
            each, "layer-setting", id=layer_key(layer), enabled="1", type=_VERTEX_AND_SEGMENT,
            tolerance=_SNAP_PIXELS, units=_PIXELS,
        )  # fmt: skip
    properties = SubElement(root, "properties")
    digitizing = SubElement(properties, "Digitizing")
    SubElement(digitizing, "AvoidIntersectionsMode", type="int").text = "2"
    avoided = SubElement(digitizing, "AvoidIntersectionsList", type="QStringList")
    if any(layer.id == EDITED for layer in layers):
        SubElement(avoided, "value").text = layer_key(next(layer for layer in layers if layer.id == EDITED))
    SubElement(digitizing, "TopologicalEditing", type="int").text = "1"
    SubElement(SubElement(properties, "SpatialRefSys"), "ProjectionsEnabled", type="int").text = "1"
    measure = SubElement(properties, "Measurement")
    SubElement(measure, "DistanceUnits", type="QString").text = "meters"
    SubElement(measure, "AreaUnits", type="QString").text = "m2"


def _view(root: Element, city: ProjectCity) -> None:
    if city.box is None:
        return
    settings = SubElement(root, "ProjectViewSettings", UseProjectScales="0")
    view = SubElement(settings, "DefaultViewExtent")
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), city.box, strict=True):
        view.set(name, repr(value))
    view.append(next(iter(reference_system("EPSG:4326"))))


def _bookmarks(root: Element, city: ProjectCity, language: str) -> None:
    marks = SubElement(root, "Bookmarks")
    group = say("qgis.townships", language)
    for township in city.townships:
        west, south, east, north = township.box
        ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
        mark = SubElement(
            marks, "Bookmark", id=f"wangge_{township.code}", name=township.name, group=group,
            extent=f"Polygon (({', '.join(f'{x!r} {y!r}' for x, y in ring)}))",
        )  # fmt: skip
        mark.append(next(iter(reference_system("EPSG:4326"))))
