"""Which layers exist. Collections, grants, schemas, styles and the README's table all come from here."""

from __future__ import annotations

from typing import get_args

from layers.catalogue.cameras import CAMERAS
from layers.catalogue.cases import CASE_HEAT, CASES
from layers.catalogue.changes import GRID_EDITS, GRID_LINEAGE
from layers.catalogue.density import CASE_DENSITY
from layers.catalogue.departments import CROSSWALK, DEPARTMENT_CELLS
from layers.catalogue.findings import FINDINGS
from layers.catalogue.ground import DIVISIONS, GRIDS
from layers.catalogue.hotspots import HOT_SPOTS
from layers.catalogue.layer import GeometryType, Layer
from layers.catalogue.raster import Raster
from layers.catalogue.records import RECORDS
from layers.catalogue.services import ENFORCEMENT, SERVICE_POINTS

CATALOGUE: dict[str, Layer] = {
    layer.id: layer
    for layer in (
        DIVISIONS, GRIDS, GRID_EDITS, GRID_LINEAGE, DEPARTMENT_CELLS, CROSSWALK, CAMERAS, CASES, CASE_HEAT, HOT_SPOTS,
        FINDINGS, SERVICE_POINTS, ENFORCEMENT, RECORDS,
    )
}  # fmt: skip
"""Every layer by its id, in the order in which pages list them."""

VECTOR_LAYERS: tuple[Layer, ...] = tuple(
    layer
    for layer in CATALOGUE.values()
    if layer.geometry_type in get_args(GeometryType) and layer.tiles is not None
)
"""Those with features that a map shows."""

RASTERS: dict[str, Raster] = {raster.id: raster for raster in (CASE_DENSITY,)}
"""Every layer of values on cells by its id; they have no features, so they stand apart."""
