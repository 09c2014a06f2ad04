"""A ready QGIS project made from the catalogue: layers, styles, forms, bookmarks, and how borders are edited."""
