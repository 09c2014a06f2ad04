"""QGIS without a window, as a program of its own: opens a project, says what it holds, draws it, tries an SLD.

Run by the system's Python: ``python3 qgis_project_reader.py PROJECT.qgz PICTURE.png LAYER.sld`` prints a line of JSON.
Imports stand inside the functions, so that our own Python, which has no QGIS, can look for doctests here.
"""

from __future__ import annotations

import json
import sys


def layers_of(project):
    """What QGIS made of each layer."""
    found = {}
    for layer in project.mapLayers().values():
        found[layer.id()] = {
            "name": layer.name(),
            "valid": layer.isValid(),
            "count": layer.featureCount(),
            "renderer": layer.renderer().type() if layer.renderer() else None,
            "locked": layer.readOnly(),
            "scale": layer.minimumScale() if layer.hasScaleBasedVisibility() else None,
            "aliases": {field.name(): layer.attributeDisplayName(i) for i, field in enumerate(layer.fields())},
            "widgets": {field.name(): layer.editorWidgetSetup(i).type() for i, field in enumerate(layer.fields())},
        }
    return found


def picture(project, path):
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


def main():
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
    answer["painted"] = picture(project, sys.argv[2])
    print("ANSWER" + json.dumps(answer, ensure_ascii=False), flush=True)
    application.exitQgis()


if __name__ == "__main__":
    main()
