"""The ground: divisions and the grids on it."""

from __future__ import annotations

from layers.catalogue import coded
from layers.catalogue.layer import Field, Layer, Style
from layers.catalogue.shared import AREA, CODE, NAME, POPULATION, TOWNSHIP, VILLAGE
from layers.text import Text

DIVISIONS = Layer(
    id="divisions",
    title=Text("行政区划", "Administrative divisions"),
    description=Text(
        "市、镇街、村居三级区划，采用统计用区划代码；不带 datetime 时为当前区划，datetime 给出任意一天的区划。",
        "County, townships and villages with their 12-digit statistical codes: those of today, or with datetime those "
        "of any day.",
    ),
    table="divisions",
    geometry_type="MultiPolygon",
    id_field="id",
    fields=(
        Field("code", CODE),
        Field("name", NAME),
        Field("level", Text("级别", "Level"), values=coded.DIVISION_LEVELS),
        Field("parent_code", Text("上级编码", "Parent code")),
        Field("category", Text("类别", "Category"), values=coded.DIVISION_CATEGORIES),
        AREA,
        POPULATION,
        Field("valid_from", Text("初始时间", "Valid from"), "date"),
        Field("valid_to", Text("终止日期", "Valid to"), "date"),
    ),
    time=("valid_from", "valid_to"),
    current_only=True,
    tile_fields=("code", "name", "level"),
    required=("code", "name", "area_m2", "population"),
    style=Style(
        "#6b5b95",
        by="level",
        colours=(("county", "#3f3170"), ("township", "#6b5b95"), ("village", "#9a86c4")),
        label="name",
        width=1.6,
        opacity=0.02,
    ),
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
        Field("name", NAME),
        Field("kind", Text("网格类型", "Kind"), values=coded.GRID_KINDS),
        VILLAGE,
        TOWNSHIP,
        AREA,
        POPULATION,
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
    required=("code", "name", "village_code", "population", "leaders", "members", "party_organisation"),
    style=Style(
        "#2a9d8f", by="kind", colours=(("social", "#2a9d8f"), ("dedicated", "#e76f51")), label="name", opacity=0.18
    ),
)
