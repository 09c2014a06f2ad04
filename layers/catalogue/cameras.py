"""Cameras."""

from __future__ import annotations

from layers.catalogue import coded
from layers.catalogue.layer import Field, Layer, Style
from layers.catalogue.shared import GRID, NAME, STAFF_OF_TOWNSHIP, TOWNSHIP
from layers.text import Text

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
        Field("name", NAME),
        Field("source", Text("来源", "Source"), values=coded.CAMERA_SOURCES),
        Field("status", Text("状态", "Status"), values=coded.CAMERA_STATES),
        Field("ptz_type", Text("云台类型", "PTZ type"), "integer"),
        Field("azimuth_deg", Text("方位角", "Azimuth"), "number", "deg"),
        Field("fov_deg", Text("水平视场角", "Field of view"), "number", "deg"),
        Field("range_m", Text("可视距离", "Range"), "number", "m"),
        Field("height_m", Text("安装高度", "Height"), "number", "m"),
        Field("assumed", Text("参数为推定", "Parameters assumed"), "boolean"),
        GRID,
        TOWNSHIP,
    ),
    readers="staff",
    row_rule=STAFF_OF_TOWNSHIP,
    tile_fields=("device_id", "name", "source", "azimuth_deg", "status"),
    required=("device_id", "name", "status", "azimuth_deg", "fov_deg", "range_m", "height_m", "grid_code"),
    style=Style(
        "#1d3557",
        by="source",
        colours=(("skynet", "#1d3557"), ("bluesky", "#0096c7"), ("township", "#8338ec")),
        width=4,
        opacity=0.9,
    ),
)
