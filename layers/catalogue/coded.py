"""What the values of coded fields mean."""

from geo.finding import KINDS
from layers.text import Text
from layers.texts import texts

DIVISION_LEVELS = (
    ("county", Text("县市", "County")),
    ("township", Text("镇街", "Township")),
    ("village", Text("村居", "Village")),
)
DIVISION_CATEGORIES = (
    ("county", Text("县级市", "County-level city")),
    ("street", Text("街道", "Street")),
    ("town", Text("镇", "Town")),
    ("township", Text("乡", "Township")),
    ("other", Text("其他", "Other")),
    ("residents", Text("居民委员会", "Residents' committee")),
    ("villagers", Text("村民委员会", "Villagers' committee")),
)
GRID_KINDS = (("social", Text("综合网格", "Social-governance")), ("dedicated", Text("专属网格", "Dedicated")))
CAMERA_SOURCES = (
    ("skynet", Text("天网", "Skynet (public security)")),
    ("bluesky", Text("蓝天卫士", "Blue-sky guard (straw burning)")),
    ("township", Text("镇街视频", "Township video")),
)
CAMERA_STATES = (("ON", Text("在线", "On")), ("OFF", Text("离线", "Off")))
CASE_CATEGORIES = (
    ("component", Text("部件", "Component")),
    ("matter", Text("事项", "Matter")),
    ("local", Text("本地扩展", "Local extension")),
)
CASE_STATES = (
    ("上报", Text("上报", "Reported")),
    ("立案", Text("立案", "Filed")),
    ("派遣", Text("派遣", "Dispatched")),
    ("处置", Text("处置", "Handled")),
    ("核查", Text("核查", "Checked")),
    ("结案", Text("结案", "Closed")),
    ("作废", Text("作废", "Void")),
)
SEVERITIES = (("error", Text("错误", "Error")), ("warning", Text("警告", "Warning")), ("note", Text("提示", "Note")))
FINDING_STATES = (
    ("open", Text("待处理", "Open")),
    ("accepted", Text("已接受", "Accepted")),
    ("fixed", Text("已修复", "Fixed")),
)
FINDING_MARKS = SEVERITIES + FINDING_STATES[1:]
FINDING_KINDS = tuple((kind, texts()[f"report.kind.{kind}"]) for kind in KINDS)
SERVICE_LEVELS = (("centre", Text("为民服务中心", "Centre")), ("station", Text("服务站", "Station")))
RELATIONS = (
    ("1:1", Text("一对一", "One to one")),
    ("n:1", Text("多个并入一个", "Several cells in one grid")),
    ("1:n", Text("一个分属多个", "One cell in several grids")),
    ("n:m", Text("多对多", "Several in several")),
    ("sliver", Text("狭小，不计", "Sliver, left out")),
    ("orphan", Text("无对应", "No counterpart")),
)
PLACES = (("grid", Text("网格", "Grid")), ("cell", Text("H3 单元", "H3 cell")))
TRENDS = (("up", Text("上升", "Up")), ("steady", Text("平稳", "Steady")), ("down", Text("下降", "Down")))
VALUES = (
    ("count", Text("事件数", "Cases")),
    ("rate", Text("人均事件数", "Cases a person")),
    ("smoothed-rate", Text("经验贝叶斯平滑率", "Rate, empirical Bayes")),
    ("local-rate", Text("局部经验贝叶斯平滑率", "Rate, local empirical Bayes")),
)
PATTERNS = (
    ("none", Text("无明显模式", "No pattern")),
    ("new-hot", Text("新增热点", "New hot spot")),
    ("consecutive-hot", Text("连续热点", "Consecutive hot spot")),
    ("intensifying-hot", Text("加强的热点", "Intensifying hot spot")),
    ("persistent-hot", Text("持续热点", "Persistent hot spot")),
    ("diminishing-hot", Text("减弱的热点", "Diminishing hot spot")),
    ("sporadic-hot", Text("分散热点", "Sporadic hot spot")),
    ("oscillating-hot", Text("振荡热点", "Oscillating hot spot")),
    ("historical-hot", Text("历史热点", "Historical hot spot")),
    ("new-cold", Text("新增冷点", "New cold spot")),
    ("consecutive-cold", Text("连续冷点", "Consecutive cold spot")),
    ("intensifying-cold", Text("加强的冷点", "Intensifying cold spot")),
    ("persistent-cold", Text("持续冷点", "Persistent cold spot")),
    ("diminishing-cold", Text("减弱的冷点", "Diminishing cold spot")),
    ("sporadic-cold", Text("分散冷点", "Sporadic cold spot")),
    ("oscillating-cold", Text("振荡冷点", "Oscillating cold spot")),
    ("historical-cold", Text("历史冷点", "Historical cold spot")),
)
EDIT_OPERATIONS = (
    ("unchanged", Text("未修改", "Unchanged")),
    ("create", Text("新增", "New")),
    ("update", Text("修改", "Changed")),
)
LINEAGE_OPERATIONS = (
    ("keep", Text("沿用", "The same grid")),
    ("split", Text("拆分", "Split")),
    ("merge", Text("合并", "Merged")),
    ("transfer", Text("划转", "Ground transferred")),
    ("redraw", Text("重划", "Redrawn")),
    ("new", Text("新设", "New ground")),
    ("retire", Text("撤销", "Retired")),
)
RECORD_TYPES = (
    ("series", Text("数据方面", "Aspect")),
    ("dataset", Text("基础数据项", "Base data item")),
    ("collection", Text("图层", "Layer")),
)
CYCLES = (
    ("realtime", Text("实时", "Real time")),
    ("day", Text("每日", "Daily")),
    ("week", Text("每周", "Weekly")),
    ("month", Text("每月", "Monthly")),
    ("quarter", Text("每季", "Quarterly")),
    ("year", Text("每年", "Yearly")),
)
