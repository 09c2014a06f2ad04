"""Many grids into one: the cells of departments, and how they map to the grids."""

from __future__ import annotations

from layers.catalogue import coded
from layers.catalogue.layer import Field, Layer, Style
from layers.catalogue.shared import AREA, CODE, NAME, POPULATION, STAFF_OF_TOWNSHIP, TOWNSHIP
from layers.text import Text

DEPARTMENT = Field("department", Text("所属部门", "Department"))

DEPARTMENT_CELLS = Layer(
    id="department-cells",
    title=Text("部门网格", "Department cells"),
    description=Text(
        "各部门自行划分的工作网格，并入统一网格之前的样子；仅供内部使用。",
        "The working cells that departments have drawn for themselves, before they become one with the grids; for "
        "staff only.",
    ),
    table="department_cells",
    geometry_type="MultiPolygon",
    id_field="id",
    fields=(
        Field("id", Text("标识", "Identity")),
        DEPARTMENT,
        Field("code", CODE),
        Field("name", NAME),
        TOWNSHIP,
        AREA,
        POPULATION,
        Field("households", Text("户数", "Households"), "integer"),
        Field("staff", Text("工作人员数", "Staff"), "integer"),
    ),
    readers="staff",
    row_rule=STAFF_OF_TOWNSHIP,
    tile_fields=("id", "department", "code", "name"),
    style=Style("#8d6a9f", label="name", width=1.4, opacity=0.08),
)

CROSSWALK = Layer(
    id="crosswalk",
    title=Text("部门网格对应关系", "Crosswalk"),
    description=Text(
        "部门网格与统一网格的对应关系：共同范围、双向占比、关系类型与建议归并；仅供内部使用。",
        "How department cells map to the grids: common ground, shares of both, the class of each relation and the "
        "proposed assignment; for staff only.",
    ),
    table="crosswalk",
    geometry_type="MultiPolygon",
    id_field="id",
    fields=(
        Field("id", Text("标识", "Identity")),
        DEPARTMENT,
        Field("cell_code", Text("部门网格编码", "Cell code")),
        Field("grid_code", Text("网格编码", "Grid code")),
        Field("relation", Text("关系类型", "Relation"), values=coded.RELATIONS),
        Field("proposed", Text("建议归并", "Proposed"), "boolean"),
        AREA,
        Field("cell_share", Text("占部门网格比例", "Share of the cell"), "number"),
        Field("grid_share", Text("占网格比例", "Share of the grid"), "number"),
        Field("people", Text("涉及人口", "People"), "number"),
        TOWNSHIP,
        Field("computed_at", Text("计算时间", "Computed at"), "date-time"),
    ),
    readers="staff",
    row_rule=STAFF_OF_TOWNSHIP,
    tile_fields=("id", "department", "cell_code", "grid_code", "relation"),
    style=Style(
        "#577590",
        by="relation",
        colours=(
            ("1:1", "#2a9d8f"),
            ("n:1", "#90be6d"),
            ("1:n", "#f9c74f"),
            ("n:m", "#f8961e"),
            ("sliver", "#adb5bd"),
            ("orphan", "#e63946"),
        ),
        first_on_top=True,
        width=0.8,
        opacity=0.5,
    ),
)
