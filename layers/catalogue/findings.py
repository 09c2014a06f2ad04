"""What the checks found."""

from __future__ import annotations

from layers.catalogue import coded
from layers.catalogue.layer import Field, Layer, Style
from layers.catalogue.shared import AREA, STAFF_OF_TOWNSHIP, TOWNSHIP
from layers.text import Text

FINDINGS = Layer(
    id="findings",
    title=Text("检查结果", "Findings"),
    description=Text(
        "编码与拓扑检查的结果：类型、位置、大小与处理状态；仅供内部使用。",
        "What the checks of codes and coverage found: kind, place, size and state; for staff only.",
    ),
    table="findings",
    geometry_type="Geometry",
    id_field="id",
    fields=(
        Field("id", Text("标识", "Identity")),
        Field("layer", Text("图层", "Layer")),
        Field("change_set", Text("变更集", "Change set"), "integer"),
        Field("kind", Text("类型", "Kind"), values=coded.FINDING_KINDS),
        Field("severity", Text("严重程度", "Severity"), values=coded.SEVERITIES),
        Field("state", Text("状态", "State"), values=coded.FINDING_STATES),
        Field("mark", Text("标记", "Mark"), values=coded.FINDING_MARKS),
        Field("ids", Text("涉及要素", "Features concerned"), "array"),
        TOWNSHIP,
        AREA,
        Field("width_m", Text("宽度", "Width"), "number", "m"),
        Field("sliver", Text("狭长", "Sliver"), "boolean"),
        Field("message", Text("说明", "Message (Chinese)")),
        Field("message_en", Text("英文说明", "Message")),
        Field("reason", Text("接受理由", "Reason of acceptance")),
        Field("decided_by", Text("处理账号", "Decided by (key)")),
        Field("decided_at", Text("处理时间", "Decided at"), "date-time"),
        Field("first_seen_at", Text("首次发现", "First seen"), "date-time"),
        Field("last_seen_at", Text("最近发现", "Last seen"), "date-time"),
    ),
    time=("last_seen_at",),
    readers="staff",
    row_rule=STAFF_OF_TOWNSHIP,
    tile_fields=("id", "kind", "severity", "state", "mark", "message", "message_en"),
    style=Style(
        "#e63946",
        by="mark",
        colours=(("error", "#e63946"), ("warning", "#f4a261"), ("note", "#457b9d"), ("accepted", "#8d99ae")),
        hidden=("fixed",),
        first_on_top=True,
        width=2.5,
        opacity=0.6,
    ),
)
