"""Cases, and their counts as heat."""

from __future__ import annotations

from layers.catalogue import coded
from layers.catalogue.layer import Field, Layer, Style
from layers.catalogue.shared import COUNT, GRID, STAFF_OF_TOWNSHIP, TOWNSHIP, VILLAGE
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
        Field("state", Text("环节", "State"), values=coded.CASE_STATES),
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
    required=("case_no", "type_code", "channel", "state", "reported_at", "grid_code"),
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
        "H3 网格（6–10 级）事件数，时段、分类、类型与渠道可选；对外为已发布计数：按月至 8 级，按年至 9 级并可分类。",
        "Cases in H3 cells of resolutions 6 to 10, for any period, class, type and channel; "
        "the public sees released counts: months to resolution 8, years to 9 and by class.",
    ),
    table="case_heat",
    geometry_type="Polygon",
    id_field="id",
    fields=(
        Field("cell", Text("H3 单元", "H3 cell")),
        Field("resolution", Text("H3 级别", "H3 resolution"), "integer"),
        Field("month", Text("月份", "Month (where counts are by month)"), "date"),
        Field("first_day", Text("起始日", "First day (none: from the beginning)"), "date"),
        Field("last_day", Text("终止日", "Last day (none: until now)"), "date"),
        Field("class_code", Text("大类", "Class (all: every class)")),
        Field("type_code", Text("小类", "Type with its category (all: every type)")),
        Field("channel", Text("来源渠道", "Channel (all: every channel)")),
        COUNT,
    ),
    time=("first_day", "last_day"),
    # Exact counts or released ones, never both; staff of one township see what the public sees.
    row_rule="audience = (select wangge.heat_audience())",
    released=True,
    tile_fields=("cell", "count"),
    style=Style(
        "#fed976",
        by="count",
        colours=((5, "#ffeda0"), (20, "#feb24c"), (60, "#fd8d3c"), (200, "#e31a1c"), (600, "#800026")),
        width=0.3,
        opacity=0.55,
    ),
)
