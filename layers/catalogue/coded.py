"""What the values of coded fields mean."""

from layers.text import Text

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
SERVICE_LEVELS = (("centre", Text("为民服务中心", "Centre")), ("station", Text("服务站", "Station")))
RELATIONS = (
    ("1:1", Text("一对一", "One to one")),
    ("n:1", Text("多个并入一个", "Several cells in one grid")),
    ("1:n", Text("一个分属多个", "One cell in several grids")),
    ("n:m", Text("多对多", "Several in several")),
    ("sliver", Text("狭小，不计", "Sliver, left out")),
    ("orphan", Text("无对应", "None")),
)
