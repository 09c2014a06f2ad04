"""What several layers have in common: fields, and who sees which rows."""

from __future__ import annotations

from layers.catalogue.layer import Field
from layers.text import Text

STAFF = "(select wangge.asks_as_staff())"
OWN_TOWNSHIP = "((select wangge.asking_township()) is null or township_code = (select wangge.asking_township()))"
STAFF_OF_TOWNSHIP = f"{STAFF} and {OWN_TOWNSHIP}"
"""Row rule of what staff see: all of it, or what lies in the one township that their key is for."""

CODE = Text("编码", "Code")
NAME = Text("名称", "Name")
TOWNSHIP = Field("township_code", Text("镇街编码", "Township code"))
VILLAGE = Field("village_code", Text("村居编码", "Village code"))
GRID = Field("grid_code", Text("网格编码", "Grid code"))
AREA = Field("area_m2", Text("面积", "Area"), "number", "m2")
POPULATION = Field("population", Text("人口", "Population"), "integer")
COUNT = Field("count", Text("数量", "Count"), "integer")
