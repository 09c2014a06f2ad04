"""Findings as features: the sentence is that of the very finding, whatever its kind."""

import pytest

from geo.finding import Finding
from processes.features.finding_features import finding_features

PLACE = {"offset_m": 512.4, "bearing_deg": 141.0, "placement": "gcj02", "confidence": 0.9}


@pytest.mark.parametrize(("finding", "chinese", "english"), [
    (Finding("invalid", "error", ("a",), None, {"reason": "empty", "x": float("nan"), "y": float("nan")}),
     "没有几何", "has no geometry"),
    (Finding("invalid", "error", ("a",), None, {"reason": "not-finite", "x": float("nan"), "y": float("nan")}),
     "非数值", "not a number"),
    (Finding("invalid", "error", ("a",), None, {"reason": "self-intersection", "x": 120.0, "y": 32.0}),
     "自相交", "crosses itself"),
    (Finding("placement", "error", ("grids",), None, PLACE), "GCJ-02", "GCJ-02"),
    (Finding("placement", "error", ("grids",), None, {"placement": "projected", "largest": 3560000.0}),
     "3560000", "3560000"),
    (Finding("code-missing", "error", ("a",), None, {"id": "a", "village": "321283100201"}), "没有编码", "has no code"),
    (Finding("code-format", "error", ("a",), None, {
        "code": "12x", "reason": "code.wrong-county", "first": 1, "last": 6, "digits": "12x", "width": 15,
        "scheme": "villages-15"}),
     "12x", "12x"),
])  # fmt: skip
def test_each_kind_has_its_own_sentence(finding, chinese, english):
    answer = finding_features([finding], checked=1)
    (feature,) = answer["features"]
    told = feature["properties"]
    assert chinese in told["message"]
    assert english in told["message_en"]
    assert "nan" not in told["message"] + told["message_en"]
    assert feature["id"] == finding.identity
    assert answer["counts"] == {"error": 1, "warning": 0, "note": 0}
