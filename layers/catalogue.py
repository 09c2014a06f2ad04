"""The catalogue: which layers exist. Collections, grants, schemas, styles and the README's table all come from here."""

from __future__ import annotations

from layers import coded
from layers.layer import Field, Layer, Style
from layers.text import Text

_STAFF = "(select wangge.asks_as_staff())"
_OWN_TOWNSHIP = "((select wangge.asking_township()) is null or township_code = (select wangge.asking_township()))"
STAFF_OF_TOWNSHIP = f"{_STAFF} and {_OWN_TOWNSHIP}"
"""Row rule of what staff see: all of it, or what lies in the one township that their key is for."""

_CODE = Text("编码", "Code")
_NAME = Text("名称", "Name")
_TOWNSHIP = Field("township_code", Text("镇街编码", "Township code"))
_VILLAGE = Field("village_code", Text("村居编码", "Village code"))
_GRID = Field("grid_code", Text("网格编码", "Grid code"))
_AREA = Field("area_m2", Text("面积", "Area"), "number", "m2")
_POPULATION = Field("population", Text("人口", "Population"), "integer")
_COUNT = Field("count", Text("数量", "Count"), "integer")

DIVISIONS = Layer(
    id="divisions",
    title=Text("行政区划", "Administrative divisions"),
    description=Text(
        "市、镇街、村居三级区划，采用统计用区划代码。",
        "County, townships and villages with their 12-digit statistical codes.",
    ),
    table="divisions",
    geometry_type="MultiPolygon",
    id_field="code",
    fields=(
        Field("code", _CODE),
        Field("name", _NAME),
        Field("level", Text("级别", "Level"), values=coded.DIVISION_LEVELS),
        Field("parent_code", Text("上级编码", "Parent code")),
        Field("category", Text("类别", "Category"), values=coded.DIVISION_CATEGORIES),
        _AREA,
        _POPULATION,
    ),
    tile_fields=("code", "name", "level"),
    style=Style("#6b5b95", label="name", width=1.6, opacity=0.02),
)

GRIDS = Layer(
    id="grids",
    title=Text("网格", "Grids"),
    description=Text(
        "已发布的综合网格与专属网格；不带 datetime 时为当前网格，datetime 给出任意一天的网格。",
        "Published social-governance and dedicated grids: those of today, or with datetime those of any day.",
    ),
    table="grids",
    geometry_type="MultiPolygon",
    id_field="id",
    fields=(
        Field("code", Text("网格编码", "Grid code")),
        Field("name", _NAME),
        Field("kind", Text("网格类型", "Kind"), values=coded.GRID_KINDS),
        _VILLAGE,
        _TOWNSHIP,
        _AREA,
        _POPULATION,
        Field("leaders", Text("网格长人数", "Grid leaders"), "integer"),
        Field("members", Text("网格员人数", "Grid members"), "integer"),
        Field("info_managers", Text("网格信息管理员人数", "Information managers"), "integer"),
        Field("instructors", Text("网格指导员人数", "Instructors"), "integer"),
        Field("volunteers", Text("网格志愿者人数", "Volunteers"), "integer"),
        Field("party_organisation", Text("网格党组织", "Party organisation")),
        Field("valid_from", Text("初始时间", "Valid from"), "date"),
        Field("valid_to", Text("终止日期", "Valid to"), "date"),
    ),
    time=("valid_from", "valid_to"),
    current_only=True,
    tile_fields=("code", "name", "kind", "population"),
    style=Style(
        "#2a9d8f", by="kind", colours=(("social", "#2a9d8f"), ("dedicated", "#e76f51")), label="name", opacity=0.18
    ),
)

CAMERAS = Layer(
    id="cameras",
    title=Text("监控点位", "Cameras"),
    description=Text(
        "天网、蓝天卫士与镇街视频点位，含朝向与可视距离；仅供内部使用。",
        "Public security, straw-burning and township cameras with direction and range; for staff only.",
    ),
    table="cameras",
    geometry_type="Point",
    id_field="device_id",
    fields=(
        Field("device_id", Text("设备编码", "Device id (GB/T 28181)")),
        Field("name", _NAME),
        Field("source", Text("来源", "Source"), values=coded.CAMERA_SOURCES),
        Field("status", Text("状态", "Status"), values=coded.CAMERA_STATES),
        Field("ptz_type", Text("云台类型", "PTZ type"), "integer"),
        Field("azimuth_deg", Text("方位角", "Azimuth"), "number", "deg"),
        Field("fov_deg", Text("水平视场角", "Field of view"), "number", "deg"),
        Field("range_m", Text("可视距离", "Range"), "number", "m"),
        Field("height_m", Text("安装高度", "Height"), "number", "m"),
        Field("assumed", Text("参数为推定", "Parameters assumed"), "boolean"),
        _GRID,
        _TOWNSHIP,
    ),
    readers="staff",
    row_rule=STAFF_OF_TOWNSHIP,
    tile_fields=("device_id", "name", "source", "azimuth_deg", "status"),
    style=Style(
        "#1d3557",
        by="source",
        colours=(("skynet", "#1d3557"), ("bluesky", "#0096c7"), ("township", "#8338ec")),
        width=4,
        opacity=0.9,
    ),
)

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
        _GRID,
        _VILLAGE,
        _TOWNSHIP,
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
        _COUNT,
    ),
    time=("month",),
    # One number a cell and month and nothing that it could be subtracted from, so what is hidden can't be computed.
    # Staff of one township see what the public sees: a cell doesn't end at their border.
    row_rule=f"(count >= 5 and class_code = 'all') or ({_STAFF} and (select wangge.asking_township()) is null)",
    tile_fields=("cell", "count"),
    style=Style(
        "#fed976",
        by="count",
        colours=((5, "#ffeda0"), (20, "#feb24c"), (60, "#fd8d3c"), (200, "#e31a1c"), (600, "#800026")),
        width=0.3,
        opacity=0.55,
    ),
)

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
        Field("kind", Text("类型", "Kind")),
        Field("severity", Text("严重程度", "Severity"), values=coded.SEVERITIES),
        Field("state", Text("状态", "State"), values=coded.FINDING_STATES),
        Field("ids", Text("涉及要素", "Features concerned"), "array"),
        _TOWNSHIP,
        _AREA,
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
    tile_fields=("id", "kind", "severity", "state", "message"),
    style=Style(
        "#e63946",
        by="severity",
        colours=(("error", "#e63946"), ("warning", "#f4a261"), ("note", "#457b9d")),
        width=2.5,
        opacity=0.6,
    ),
)

SERVICE_POINTS = Layer(
    id="service-points",
    title=Text("便民服务点", "Service points"),
    description=Text(
        "镇街为民服务中心与村居服务站。", "Service centres of the townships and a station in every village."
    ),
    table="service_points",
    geometry_type="Point",
    id_field="code",
    fields=(
        Field("code", _CODE),
        Field("name", _NAME),
        Field("level", Text("级别", "Level"), values=coded.SERVICE_LEVELS),
        _TOWNSHIP,
        _VILLAGE,
        Field("floor_area_m2", Text("建筑面积", "Floor area"), "number", "m2"),
    ),
    tile_fields=("code", "name", "level"),
    style=Style("#43aa8b", by="level", colours=(("centre", "#f94144"), ("station", "#43aa8b")), width=4, opacity=0.9),
)

ENFORCEMENT = Layer(
    id="enforcement",
    title=Text("综合执法局", "Enforcement bureaus"),
    description=Text(
        "镇街综合行政执法局：执法人员与处罚权限数。",
        "Enforcement bureaus of the townships with officers and penalty powers.",
    ),
    table="enforcement",
    geometry_type="Point",
    id_field="code",
    fields=(
        Field("code", _CODE),
        Field("name", _NAME),
        _TOWNSHIP,
        Field("officers", Text("执法人员数", "Officers"), "integer"),
        Field("powers", Text("行政处罚权数", "Penalty powers"), "integer"),
    ),
    tile_fields=("code", "name", "officers"),
    style=Style("#264653", label="name", width=5, opacity=0.9),
)

CATALOGUE: dict[str, Layer] = {
    layer.id: layer for layer in (DIVISIONS, GRIDS, CAMERAS, CASES, CASE_HEAT, FINDINGS, SERVICE_POINTS, ENFORCEMENT)
}
"""Every layer by its id, in the order in which pages list them."""
