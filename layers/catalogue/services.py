"""Where residents are served and rules enforced."""

from __future__ import annotations

from layers.catalogue import coded
from layers.catalogue.layer import Field, Layer, Style
from layers.catalogue.shared import CODE, NAME, TOWNSHIP, VILLAGE
from layers.text import Text

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
        Field("code", CODE),
        Field("name", NAME),
        Field("level", Text("级别", "Level"), values=coded.SERVICE_LEVELS),
        TOWNSHIP,
        VILLAGE,
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
        Field("code", CODE),
        Field("name", NAME),
        TOWNSHIP,
        Field("officers", Text("执法人员数", "Officers"), "integer"),
        Field("powers", Text("行政处罚权数", "Penalty powers"), "integer"),
    ),
    tile_fields=("code", "name", "officers"),
    style=Style("#264653", label="name", width=5, opacity=0.9),
)
