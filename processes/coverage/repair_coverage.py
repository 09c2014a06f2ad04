"""Process repair-coverage: a proposal for overlaps, gaps and borders that do not match."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, ClassVar

import shapely
from pydantic import Field

from geo.coverage.repair import Step
from layers.checking.coverages import Coverage
from layers.checking.finding_text import message
from layers.checking.repairing import Proposal, propose
from layers.text import Text
from layers.texts import say
from processes.base import Parameters, Process
from processes.coverage.parameters import CoverageParameters


class RepairCoverageParameters(CoverageParameters):
    """Inputs of repair-coverage."""

    everything: bool = Field(
        False,
        title="Everything",
        description="All polygons in the answer, also those that stay as they are.",
        json_schema_extra={"title_zh": "全部要素", "description_zh": "结果包含全部面，未改动的也在内。"},
    )


class RepairCoverage(Process):
    """What would mend a coverage: polygons as they would be, and for each fault what moves or why it stays."""

    id: ClassVar[str] = "repair-coverage"
    title: ClassVar[Text] = Text("拓扑修复建议", "Propose a repair")
    description: ClassVar[Text] = Text(
        "对狭长的重叠、空隙和不一致的公共边界给出修复建议：移动多远、面积多少、划归哪个网格；不改动任何已发布数据。",
        "Proposes how slivers between polygons and borders without common vertices would be mended: what moves, how "
        "far, how much ground, and what stays and why. Writes nothing.",
    )
    parameters: ClassVar[type[Parameters]] = RepairCoverageParameters
    result: ClassVar[Text] = Text("修复建议（GeoJSON）", "Proposal (GeoJSON)")
    example: ClassVar[dict[str, Any]] = {"layer": "grids"}

    def run(self, parameters: RepairCoverageParameters) -> dict[str, Any]:
        """Changed polygons as a FeatureCollection; beside them the steps and what is left."""
        coverages = parameters.coverages()
        answers = [(coverage, propose(coverage, parameters.tolerance_m)) for coverage in coverages if coverage.ids]
        steps = [step for _, proposal in answers for step in proposal.repair.steps]
        left = [pair for _, proposal in answers for pair in proposal.repair.left]
        return {
            "type": "FeatureCollection",
            "tolerance_m": parameters.tolerance_m,
            "checked": sum(len(coverage.ids) for coverage in coverages),
            "changed": sum(len(proposal.changes) for _, proposal in answers),
            "resolved": sum(step.given_to is not None for step in steps),
            "reasons": dict(sorted(Counter(reason for _, reason in left).items())),
            "features": [feature for answer in answers for feature in _features(*answer, parameters.everything)],
            "steps": [_step(step) for step in steps],
            "left": [
                {
                    "id": finding.identity,
                    "kind": finding.kind,
                    "severity": finding.severity,
                    "ids": list(finding.ids),
                    "area_m2": finding.area_m2,
                    "width_m": finding.width_m,
                    "reason": reason,
                    "message": message(finding, "zh") + say(f"repair.{reason}", "zh"),
                    "message_en": message(finding, "en") + " " + say(f"repair.{reason}", "en"),
                }
                for finding, reason in left
            ],
        }


def _features(coverage: Coverage, proposal: Proposal, everything: bool) -> list[dict[str, Any]]:
    out = []
    for name, shape in zip(coverage.ids, proposal.repair.polygons, strict=True):
        change = proposal.changes.get(name)
        if change is None and not everything:
            continue
        properties: dict[str, Any] = {"id": name, "changed": change is not None}
        if change is not None:
            properties |= {
                "gained_m2": change.gained_m2,
                "lost_m2": change.lost_m2,
                "moved_m": change.moved_m,
                "vertices_added": change.vertices_added,
            }
        out.append({"type": "Feature", "id": name, "geometry": _geojson(shape), "properties": properties})
    return out


def _step(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "ids": list(step.ids),
        "given_to": step.given_to,
        "reason": step.reason,
        "area_m2": step.area_m2,
        "width_m": step.width_m,
        "moved_m": step.moved_m,
        "geometry": _geojson(step.geometry),
    }


def _geojson(shape: shapely.Geometry | None) -> Any:
    return None if shape is None else json.loads(shapely.to_geojson(shape))
