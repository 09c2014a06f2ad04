"""QGIS without a window, as a program of its own: opens a project, says what it holds, draws it, tries an SLD.

Run by the system's Python: ``python3 qgis_project_reader.py PROJECT.qgz PICTURE.png LAYER.sld YEAR-MONTH``.
Imports stand inside the functions, so that our own Python, which has no QGIS, can look for doctests here.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def layers_of(project: Any) -> dict[str, Any]:
    """What QGIS made of each layer."""
    found = {}
    for layer in project.mapLayers().values():
        found[layer.id()] = {
            "name": layer.name(),
            "valid": layer.isValid(),
            "count": layer.featureCount(),
            "renderer": layer.renderer().type() if layer.renderer() else None,
            "locked": layer.readOnly(),
            "provider": layer.providerType(),
            "time": time_of(layer),
            "scale": layer.minimumScale() if layer.hasScaleBasedVisibility() else None,
            "aliases": {field.name(): layer.attributeDisplayName(i) for i, field in enumerate(layer.fields())},
            "widgets": {field.name(): layer.editorWidgetSetup(i).type() for i, field in enumerate(layer.fields())},
        }
    return found


def time_of(layer: Any) -> list[Any]:
    """Whether the temporal controller moves over a layer, how it tells time, and by which fields."""
    from qgis.core import QgsVectorLayerTemporalProperties

    told = layer.temporalProperties()
    modes = {
        QgsVectorLayerTemporalProperties.ModeFeatureDateTimeInstantFromField: "instant",
        QgsVectorLayerTemporalProperties.ModeFeatureDateTimeStartAndEndFromFields: "start and end",
        QgsVectorLayerTemporalProperties.ModeFeatureDateTimeStartAndEndFromExpressions: "expressions",
    }
    return [told.isActive(), modes.get(told.mode()), told.startField(), told.endField()]


def over_time(layer: Any, year: int, month: int) -> dict[str, Any]:
    """Pixels that a layer paints at once, and those of a month as its controller asks for it; and its features then."""
    from qgis.core import (
        QgsDateTimeRange,
        QgsFeatureRequest,
        QgsMapRendererSequentialJob,
        QgsMapSettings,
        QgsVectorLayerTemporalContext,
    )
    from qgis.PyQt.QtCore import QDate, QDateTime, QSize, QTime
    from qgis.PyQt.QtGui import QColor

    first = QDate(year, month, 1)
    period = QgsDateTimeRange(QDateTime(first, QTime(0, 0)), QDateTime(first.addMonths(1), QTime(0, 0)), True, False)
    painted = []
    for limited in (False, True):
        settings = QgsMapSettings()
        settings.setLayers([layer])
        settings.setDestinationCrs(layer.crs())
        settings.setExtent(layer.extent())
        settings.setOutputSize(QSize(300, 300))
        settings.setBackgroundColor(QColor("white"))
        settings.setIsTemporal(limited)
        if limited:
            settings.setTemporalRange(period)
        job = QgsMapRendererSequentialJob(settings)
        job.start()
        job.waitForFinished()
        image = job.renderedImage()
        painted.append(sum(image.pixelColor(x, y) != QColor("white") for x in range(300) for y in range(300)))
    asked = layer.temporalProperties().createFilterString(QgsVectorLayerTemporalContext(), period)
    found = list(layer.getFeatures(QgsFeatureRequest().setFilterExpression(asked)))
    return {"painted": painted, "found": len(found), "all": layer.featureCount()}


def picture(project: Any, path: str) -> float:
    """The project drawn as it opens; the share of pixels that are not background."""
    from qgis.core import (
        QgsCoordinateTransform,
        QgsMapRendererSequentialJob,
        QgsMapSettings,
    )
    from qgis.PyQt.QtCore import QSize
    from qgis.PyQt.QtGui import QColor

    view = project.viewSettings().defaultViewExtent()
    settings = QgsMapSettings()
    settings.setLayers([node.layer() for node in project.layerTreeRoot().findLayers() if node.isVisible()])
    settings.setDestinationCrs(project.crs())
    settings.setExtent(QgsCoordinateTransform(view.crs(), project.crs(), project).transformBoundingBox(view))
    settings.setOutputSize(QSize(400, 400))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(path)
    return sum(image.pixelColor(x, y) != QColor("white") for x in range(400) for y in range(400)) / 160_000


def main() -> None:
    """Open the project that the command line names."""
    from qgis.core import QgsApplication, QgsProject

    application = QgsApplication([], False)
    application.initQgis()
    project = QgsProject.instance()
    read = project.read(sys.argv[1])
    sld, taken = project.mapLayer("wangge_grids").loadSldStyle(sys.argv[3])
    answer = {
        "read": read,
        "title": project.title(),
        "crs": project.crs().authid(),
        "layers": layers_of(project),
        "bookmarks": [
            [mark.name(), mark.extent().toRectF().getCoords()] for mark in project.bookmarkManager().bookmarks()
        ],
        "snapping": project.snappingConfig().enabled(),
        "topological": project.topologicalEditing(),
        "sld": [sld, taken, project.mapLayer("wangge_grids").renderer().type()],
    }
    project.read(sys.argv[1])
    month = [int(part) for part in sys.argv[4].split("-")]
    answer["months"] = {
        id_: over_time(project.mapLayer(id_), *month)
        for id_ in ("wangge_case_heat_over_time", "wangge_grids_over_time")
    }
    answer["painted"] = picture(project, sys.argv[2])
    print("ANSWER" + json.dumps(answer, ensure_ascii=False), flush=True)
    application.exitQgis()


if __name__ == "__main__":
    main()
