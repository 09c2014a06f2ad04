"""Cases, and their counts as heat."""

from __future__ import annotations

from layers.catalogue import coded
from layers.catalogue.layer import Field, Layer, Style
from layers.catalogue.shared import COUNT, GRID, STAFF, STAFF_OF_TOWNSHIP, TOWNSHIP, VILLAGE
from layers.text import Text

CASES = Layer(
    id="cases",
    title=Text("事件", "Cases"),
    description=Text(
        "网格事件与部件案件，不含任何个人信息；缩小时以 H3 计数表示；仅供内部使用。",
        "Cases of components and matters without personal data; when zoomed out, their H3 counts; for staff only.",
    ),
    table="cases",
    geometry_type="Point",
    id_field="case_no",
    fields=(
        Field("case_no", Text("案件编号", "Case number")),
        Field("category", Text("类别", "Category"), values=coded.CASE_CATEGORIES),
        Field("type_code", Text("类型编码", "Type code")),
        Field("type_name", Text("类型", "Type")),
        Field("channel", Text("来源渠道", "Channel")),
        Field("state", Text("环节", "State")),
        Field("reported_at", Text("上报时间", "Reported at"), "date-time"),
        Field("filed_at", Text("立案时间", "Filed at"), "date-time"),
        Field("dispatched_at", Text("派遣时间", "Dispatched at"), "date-time"),
        Field("handled_at", Text("处置时间", "Handled at"), "date-time"),
        Field("checked_at", Text("核查时间", "Checked at"), "date-time"),
        Field("closed_at", Text("结案时间", "Closed at"), "date-time"),
        GRID,
        VILLAGE,
        TOWNSHIP,
    ),
    time=("reported_at",),
    readers="staff",
    row_rule=STAFF_OF_TOWNSHIP,
    tile_fields=("case_no", "category", "type_name", "state"),
    style=Style(
        "#d62828",
        by="category",
        colours=(("component", "#3a86ff"), ("matter", "#d62828"), ("local", "#f77f00")),
        width=3,
        opacity=0.8,
    ),
)

CASE_HEAT = Layer(
    id="case-heat",
    title=Text("事件热力", "Case heat"),
    description=Text(
        "按月统计的 H3 网格事件数；对外隐藏少于 5 件的单元，分类计数仅供内部使用。",
        "Cases a month in H3 cells; cells with fewer than 5 are hidden from the public, "
        "and counts by class are for staff.",
    ),
    table="case_heat",
    geometry_type="Polygon",
    id_field="id",
    fields=(
        Field("cell", Text("H3 单元", "H3 cell")),
        Field("resolution", Text("H3 级别", "H3 resolution"), "integer"),
        Field("month", Text("月份", "Month"), "date"),
        Field("class_code", Text("分类", "Class (all: every class)")),
        COUNT,
    ),
    time=("month",),
    # One number a cell and month and nothing that it could be subtracted from, so what is hidden can't be computed.
    # Staff of one township see what the public sees: a cell doesn't end at their border.
    row_rule=f"(count >= 5 and class_code = 'all') or ({STAFF} and (select wangge.asking_township()) is null)",
    tile_fields=("cell", "count"),
    style=Style(
        "#fed976",
        by="count",
        colours=((5, "#ffeda0"), (20, "#feb24c"), (60, "#fd8d3c"), (200, "#e31a1c"), (600, "#800026")),
        width=0.3,
        opacity=0.55,
    ),
)
