"""QGIS without a window, as a program of its own: opens layers of the service, reads and draws them, says what it saw.

Run by the system's Python, whose packages QGIS belongs to: ``python3 qgis_reader.py tasks.json`` prints a line of JSON.
Imports stand inside the functions, so that our own Python, which has no QGIS, can look for doctests here.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def draw(layer: Any, crs: str, box: list[float], path: str) -> float:
    """Picture of a layer, and the share of its pixels that are not background."""
    from qgis.core import QgsCoordinateReferenceSystem, QgsMapRendererSequentialJob, QgsMapSettings, QgsRectangle
    from qgis.PyQt.QtCore import QSize
    from qgis.PyQt.QtGui import QColor

    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
    settings.setExtent(QgsRectangle(*box))
    settings.setOutputSize(QSize(300, 300))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(path)
    painted = sum(image.pixelColor(x, y) != QColor("white") for x in range(300) for y in range(300))
    return painted / 90_000


def features(task: dict[str, Any]) -> dict[str, Any]:
    """What QGIS reads of one collection."""
    from qgis.core import QgsFeatureRequest, QgsVectorLayer, QgsWkbTypes

    uri = f" pagingEnabled='true' typename='{task['layer']}' url='{task['url']}'"
    if task.get("key"):
        uri += f" username='staff' password='{task['key']}'"
    layer = QgsVectorLayer(uri, task["layer"], "OAPIF")
    if not layer.isValid():
        return {"valid": False}
    found = {}
    for feature in layer.getFeatures(QgsFeatureRequest()):
        geometry = feature.geometry()
        found[feature["id"]] = {
            "x": geometry.boundingBox().center().x(),
            "y": geometry.boundingBox().center().y(),
            "area": geometry.area(),
            "attributes": {field.name(): str(feature[field.name()]) for field in layer.fields()},
        }
    box = layer.extent()
    return {
        "valid": True,
        "crs": layer.crs().authid(),
        "count": layer.featureCount(),
        "editable": bool(layer.dataProvider().capabilities() & layer.dataProvider().EditingCapabilities),
        # what a person gets who presses the pencil
        "opens_for_editing": layer.startEditing(),
        "fields": [field.name() for field in layer.fields()],
        "types": {field.name(): field.typeName() for field in layer.fields()},
        "geometry": QgsWkbTypes.displayString(layer.wkbType()),
        "features": found,
        "painted": draw(layer, layer.crs().authid(), [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()],
        task["picture"]),
    }


def tiles(task: dict[str, Any]) -> dict[str, Any]:
    """What QGIS draws of vector tiles."""
    from qgis.core import QgsVectorTileBasicRenderer, QgsVectorTileLayer
    from qgis.PyQt.QtGui import QColor

    layer = QgsVectorTileLayer(f"type=xyz&url={task['template']}&zmin=0&zmax=14", "tiles")
    renderer = QgsVectorTileBasicRenderer()
    renderer.setStyles(
        QgsVectorTileBasicRenderer.simpleStyle(
            QColor("red"), QColor("black"), 0.3, QColor("blue"), 0.3, QColor("green"), QColor("black"), 1.0
        )
    )
    layer.setRenderer(renderer)
    return {"valid": layer.isValid(), "painted": draw(layer, "EPSG:3857", task["box"], task["picture"])}


def main() -> None:
    """Do the tasks of the file that the command line names."""
    from qgis.core import QgsApplication

    application = QgsApplication([], False)
    application.initQgis()
    with open(sys.argv[1], encoding="utf-8") as asked:
        tasks = json.load(asked)
    answers = [tiles(task) if "template" in task else features(task) for task in tasks]
    print("ANSWER" + json.dumps(answers, ensure_ascii=False), flush=True)
    application.exitQgis()


if __name__ == "__main__":
    main()
