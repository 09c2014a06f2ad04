"""Changing grids: the working copy that editors write, and what became of the ground of the grids that were."""

from __future__ import annotations

from dataclasses import replace

from layers.catalogue import coded
from layers.catalogue.ground import GRIDS
from layers.catalogue.layer import Field, Layer, Style
from layers.catalogue.shared import AREA, STAFF_OF_TOWNSHIP, TOWNSHIP
from layers.text import Text

SET_PARAMETER = "change-set"
"""Query parameter that names the change set to look at or write to; without it the asker's current one."""

_CITYS_OWN = ("code", "township_code", "area_m2", "valid_from", "valid_to")
"""Fields of grids that follow from others or from publication, and so are written by nobody."""

GRID_EDITS = Layer(
    id="grid-edits",
    title=Text("网格编辑", "Grid edits"),
    description=Text(
        "网格工作副本：在已发布网格上叠加本变更集的修改；编辑人员在此绘制，经检查后发布。",
        "The working copy of the grids: what is published with the edits of one change set; editors draw here, "
        "and publish once it is checked.",
    ),
    table="grid_edits",
    tables=("grids", "edited_grids"),
    geometry_type="MultiPolygon",
    id_field="id",
    fields=(
        Field("id", Text("标识", "Identity")),
        Field("op", Text("操作", "Edit"), values=coded.EDIT_OPERATIONS),
        *(
            replace(field, written=field.name not in _CITYS_OWN)
            for field in GRIDS.fields
            if field.name not in ("valid_from", "valid_to")
        ),
        Field("edited_at", Text("编辑时间", "Edited at"), "date-time"),
    ),
    readers="editor",
    writers="editor",
    parameters=(SET_PARAMETER,),
    row_rule="(select wangge.may_edit())",
    tile_fields=("id", "code", "name", "op", "kind"),
    style=Style(
        "#577590",
        by="op",
        colours=(("unchanged", "#577590"), ("create", "#f9844a"), ("update", "#f9c74f")),
        label="name",
        width=1.4,
        opacity=0.25,
    ),
)

GRID_LINEAGE = Layer(
    id="grid-lineage",
    title=Text("网格沿革", "Grid lineage"),
    description=Text(
        "每次发布中前后网格的承继关系：原网格、新网格、面积占比与操作。",
        "What each publication made of the ground: the grid that had it, the one that has it, shares and operation.",
    ),
    table="grid_lineage",
    geometry_type="MultiPolygon",
    id_field="id",
    fields=(
        Field("id", Text("标识", "Identity")),
        Field("publication", Text("发布编号", "Publication"), "integer"),
        Field("day", Text("生效日期", "Since"), "date"),
        Field("operation", Text("操作", "Operation"), values=coded.LINEAGE_OPERATIONS),
        Field("before_code", Text("原网格编码", "Code before")),
        Field("after_code", Text("新网格编码", "Code after")),
        Field("share_of_before", Text("占原网格比例", "Share of the grid before"), "number"),
        Field("share_of_after", Text("占新网格比例", "Share of the grid after"), "number"),
        AREA,
        TOWNSHIP,
    ),
    time=("day",),
    readers="staff",
    row_rule=STAFF_OF_TOWNSHIP,
    tile_fields=("id", "operation", "before_code", "after_code"),
    style=Style(
        "#90be6d",
        by="operation",
        colours=(
            ("keep", "#90be6d"), ("split", "#f9844a"), ("merge", "#277da1"), ("transfer", "#f9c74f"),
            ("redraw", "#9b5de5"), ("new", "#43aa8b"), ("retire", "#f94144"),
        ),
        opacity=0.45,
    ),
)  # fmt: skip
