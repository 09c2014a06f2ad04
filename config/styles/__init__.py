"""Styles written once in the catalogue, as MapLibre, QGIS and SLD read them."""
