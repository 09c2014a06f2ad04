"""The catalogue of data as a layer of records."""

from __future__ import annotations

from layers.catalogue import coded
from layers.catalogue.layer import Field, Layer, Style
from layers.catalogue.shared import COUNT
from layers.text import Text

RECORDS = Layer(
    id="catalogue",
    title=Text("数据目录", "Data catalogue"),
    description=Text(
        "平台的数据方面、基础数据项与全部图层：来源、责任部门、更新周期与数据汇集完善率，可按词检索。",
        "Aspects and base data items of the platform and every layer: source, department in charge, update cycle and "
        "completeness, searchable by words.",
    ),
    table="records",
    geometry_type="Polygon",
    id_field="id",
    fields=(
        Field("id", Text("标识", "Identity")),
        Field("type", Text("类别", "Type"), values=coded.RECORD_TYPES),
        Field("code", Text("数据项编码", "Code of the item")),
        Field("title", Text("名称", "Title (Chinese)")),
        Field("title_en", Text("英文名称", "Title")),
        Field("description", Text("说明", "Description (Chinese)")),
        Field("description_en", Text("英文说明", "Description")),
        Field("keywords", Text("关键词", "Keywords"), "array"),
        Field("aspect_code", Text("数据方面编码", "Code of the aspect")),
        Field("aspect", Text("数据方面", "Aspect")),
        Field("department", Text("责任部门", "Department in charge")),
        Field("source", Text("来源", "Source")),
        Field("cycle", Text("更新周期", "Update cycle"), values=coded.CYCLES),
        Field("layer", Text("对应图层", "Layer")),
        Field("required", Text("必填字段", "Required fields"), "array"),
        COUNT,
        Field("filled", Text("必填项填写率（%）", "Required fields filled (%)"), "number"),
        Field("fresh", Text("更新及时率（%）", "Freshness (%)"), "number"),
        Field("valid", Text("几何有效率（%）", "Valid geometry (%)"), "number"),
        Field("completeness", Text("数据汇集完善率（%）", "Completeness (%)"), "number"),
        Field("delivered_at", Text("最近更新", "Last renewed"), "date-time"),
        Field("measured_at", Text("测算时间", "Measured at"), "date-time"),
        Field("created", Text("建立时间", "Created"), "date-time"),
        Field("updated", Text("修改时间", "Changed"), "date-time"),
    ),
    time=("delivered_at",),
    tiles=None,
    tile_fields=("id", "title"),
    style=Style("#4361ee", opacity=0.05),
    record=True,
    parameters=("q", "ids", "externalIds"),
)
