"""The density of cases."""

from __future__ import annotations

from layers.catalogue.layer import Field
from layers.catalogue.raster import Raster
from layers.text import Text

CASE_DENSITY = Raster(
    id="case-density",
    title=Text("事件密度", "Case density"),
    description=Text(
        "每平方公里事件数的核密度栅格，可选核函数、带宽与时段，市界处已作校正；对外仅由已公开的单元计数算出。",
        "Cases per km2 as a kernel density, by kernel, bandwidth and period, corrected at the city's edge; "
        "the public's is made from published counts of cells alone.",
    ),
    value=Field("density", Text("密度", "Density"), "number", "1/km2"),
    unit=Text("件/平方公里", "cases per km²"),
    ramp=("#ffffb2", "#fed976", "#feb24c", "#fd8d3c", "#f03b20", "#bd0026"),
    cell_m=50.0,
)
