"""Which processes exist."""

from __future__ import annotations

from importlib import import_module

from processes.base import Process

_PLACES = {
    "check-coverage": "processes.coverage.check_coverage.CheckCoverage",
    "repair-coverage": "processes.coverage.repair_coverage.RepairCoverage",
    "decide-finding": "processes.decide_finding.DecideFinding",
    "check-codes": "processes.codes.check_codes.CheckCodes",
    "assign-codes": "processes.codes.assign_codes.AssignCodes",
    "explain-code": "processes.codes.explain_code.ExplainCode",
    "crosswalk": "processes.crosswalk.crosswalk.CrosswalkProcess",
    "open-change-set": "processes.changes.open_change_set.OpenChangeSet",
    "list-change-sets": "processes.changes.list_change_sets.ListChangeSets",
    "check-change-set": "processes.changes.check_change_set.CheckChangeSet",
    "publish": "processes.changes.publish.Publish",
    "reverse-publication": "processes.changes.reverse_publication.ReversePublication",
    "abandon-change-set": "processes.changes.abandon_change_set.AbandonChangeSet",
    "split-grid": "processes.changes.split_grid.SplitGrid",
    "merge-grids": "processes.changes.merge_grids.MergeGrids",
    "retire-grid": "processes.changes.retire_grid.RetireGrid",
    "recode-division": "processes.changes.recode_division.RecodeDivision",
    "trace-code": "processes.changes.trace_code.TraceCode",
    "count-on-day": "processes.changes.count_on_day.CountOnDay",
    "locate": "processes.locate.Locate",
    "subscribe": "processes.push.subscribe.Subscribe",
    "subscriptions": "processes.push.subscriptions.Subscriptions",
    "redeliver": "processes.push.redeliver.Redeliver",
    "unsubscribe": "processes.push.unsubscribe.Unsubscribe",
    "hot-spots": "processes.hotspots.hot_spots.HotSpots",
    "grid-indicators": "processes.situation.grid_indicators.GridIndicators",
    "joint-clusters": "processes.situation.joint_clusters.JointClusters",
    "release-heat": "processes.heat.release_heat.ReleaseHeat",
    "completeness": "processes.completeness.Completeness",
}


def _load(place: str) -> type[Process]:
    module, name = place.rsplit(".", 1)
    found: type[Process] = getattr(import_module(module), name)
    return found


PROCESSES: dict[str, type[Process]] = {id_: _load(place) for id_, place in _PLACES.items()}
"""Every process class by its id, in the order in which pages list them."""
