"""The window of QGIS as a picture, taken by QGIS itself: ``qgis --code qgis_window.py``, told by the file window.json.

window.json, in the folder where QGIS starts: ``picture``, and where wanted ``shown`` (ids of layers that are
switched on), ``place`` (name of a bookmark to go to) and ``scale``.
"""

import json
import os
import traceback
from pathlib import Path
from typing import Any

WAIT_MS = 15_000


def prepare(asked: dict[str, Any]) -> None:
    """Show the layers and the place that are asked for."""
    from qgis.core import QgsCoordinateTransform, QgsProject, QgsVectorLayer
    from qgis.utils import iface

    project = QgsProject.instance()
    window = iface.mainWindow()
    window.resize(1440, 900)
    for node in project.layerTreeRoot().findLayers():
        if "shown" in asked:
            node.setItemVisibilityChecked(node.layerId() in asked["shown"])
            node.setExpanded(node.layerId() in asked["shown"] and isinstance(node.layer(), QgsVectorLayer))
    canvas = iface.mapCanvas()
    for mark in project.bookmarkManager().bookmarks():
        if mark.name() == asked.get("place"):
            turn = QgsCoordinateTransform(mark.extent().crs(), project.crs(), project)
            canvas.setExtent(turn.transformBoundingBox(mark.extent()))
    if "scale" in asked:
        canvas.zoomScale(asked["scale"])
    canvas.refresh()


def take(asked: dict[str, Any]) -> None:
    """Save the window and leave, whatever happens: nobody is there to close it."""
    from qgis.utils import iface

    try:
        iface.mapCanvas().waitWhileRendering()
        iface.mainWindow().grab().save(asked["picture"])
    except Exception:  # noqa: BLE001 - QGIS would go on for ever without a word
        Path("window.err").write_text(traceback.format_exc(), "utf-8")
    os._exit(0)


def main() -> None:
    """Let QGIS load its layers, prepare the view, let it draw, take the picture."""
    from qgis.PyQt.QtCore import QTimer

    asked = json.loads(Path("window.json").read_text("utf-8"))
    QTimer.singleShot(WAIT_MS // 2, lambda: prepare(asked))
    QTimer.singleShot(2 * WAIT_MS, lambda: take(asked))


if Path("window.json").exists():
    main()
