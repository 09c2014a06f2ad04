"""Hot spots of cases."""

from __future__ import annotations

from layers.catalogue import coded
from layers.catalogue.layer import Field, Layer, Style
from layers.catalogue.shared import COUNT, NAME, STAFF_OF_TOWNSHIP, TOWNSHIP
from layers.text import Text

HOT_SPOTS = Layer(
    id="hot-spots",
    title=Text("事件热点", "Hot spots"),
    description=Text(
        "最近一次热点分析：各网格或 H3 单元的 Gi*、显著性与 17 类时空演变；datetime 给出以往任意一天的结果；"
        "仅供内部使用。",
        "The latest analysis of hot spots: Gi*, its significance and the 17 patterns in time of each grid or H3 cell; "
        "with datetime the one of any day; for staff only.",
    ),
    table="hot_spots",
    geometry_type="MultiPolygon",
    id_field="id",
    fields=(
        Field("code", Text("编码", "Code")),
        Field("name", NAME),
        Field("unit", Text("单元类型", "Unit"), values=coded.PLACES),
        TOWNSHIP,
        Field("pattern", Text("演变类型", "Pattern"), values=coded.PATTERNS),
        Field("confidence", Text("最近一期置信度", "Confidence of the last step (3: 99 %)"), "integer"),
        Field("gi_star", Text("最近一期 Gi*", "Gi* of the last step"), "number"),
        Field("p", Text("校正后 p 值", "p, corrected"), "number"),
        COUNT,
        Field("last_count", Text("最近一期数量", "Count of the last step"), "integer"),
        Field("hot_steps", Text("热点期数", "Hot steps"), "integer"),
        Field("cold_steps", Text("冷点期数", "Cold steps"), "integer"),
        Field("steps", Text("总期数", "Steps"), "integer"),
        Field("trend", Text("趋势", "Trend"), values=coded.TRENDS),
        Field("trend_p", Text("趋势 p 值", "p of the trend"), "number"),
        Field("types", Text("事件类型", "Types of cases"), "array"),
        Field("channels", Text("来源渠道", "Channels"), "array"),
        Field("value", Text("分析值", "Value"), values=coded.VALUES),
        Field("period_from", Text("统计起始日", "From"), "date"),
        Field("period_to", Text("统计截止日", "To"), "date"),
        Field("run", Text("分析批次", "Run"), "integer"),
        Field("made_at", Text("分析时间", "Made at"), "date-time"),
        Field("replaced_at", Text("替换时间", "Replaced at"), "date-time"),
    ),
    time=("made_at", "replaced_at"),
    current_only=True,
    readers="staff",
    row_rule=STAFF_OF_TOWNSHIP,
    tile_fields=("code", "name", "pattern", "confidence", "count", "last_count"),
    style=Style(
        "#e0e0e0",
        by="pattern",
        colours=(
            ("none", "#e6e6e6"),
            ("historical-hot", "#f7d7c4"),
            ("oscillating-hot", "#f4b79e"),
            ("sporadic-hot", "#f9a073"),
            ("diminishing-hot", "#e07b5f"),
            ("persistent-hot", "#d6423b"),
            ("intensifying-hot", "#b2182b"),
            ("consecutive-hot", "#8e1250"),
            ("new-hot", "#e6007e"),
            ("historical-cold", "#d5e2ee"),
            ("oscillating-cold", "#b4cfe6"),
            ("sporadic-cold", "#93c4e0"),
            ("diminishing-cold", "#6ea6cf"),
            ("persistent-cold", "#4385bd"),
            ("intensifying-cold", "#1f5fa5"),
            ("consecutive-cold", "#2f3f9e"),
            ("new-cold", "#00a0c6"),
        ),
        width=0.6,
        opacity=0.7,
    ),
)
