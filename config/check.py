"""What ``wangge check`` does: findings of a layer or a file, for a person or as GeoJSON."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from config.machine.database import reachable
from config.pages.report import Checked, write_report
from config.settings import Settings
from config.terminal import Terminal
from geo.errors import NotFound
from geo.finding import Finding
from layers.catalogue.coded import SEVERITIES
from layers.checking.check import check_file, check_layer
from layers.checking.checked_file import read_checked_file
from layers.checking.coverages import coverage_layers
from layers.checking.finding_text import message
from layers.checking.findings import Kept, store_findings
from layers.checking.ordinary import bind_ordinary
from layers.database.database import Database
from layers.database.migrate import migrate
from layers.division_names import division_names
from layers.identity import ADMIN
from processes.features.finding_features import finding_features

DEFAULT_LAYER = "grids"
MOST_ROWS = 60
"""Findings that a table shows; --json has them all."""


def run_check(args: argparse.Namespace, terminal: Terminal, settings: Settings) -> int:
    """Check a layer, whose findings are kept, or a file.

    Parameters
    ----------
    args : Namespace
        ``target``: id of a layer or name of a file, the grids when None; ``json``: the findings as GeoJSON;
        ``report``: file of a report in HTML, none when None.
    terminal : Terminal
        Where they are told.
    settings : Settings
        Where the database is; a file needs none.

    Returns
    -------
    int
        1 when there is an error that nobody accepted, else 0.

    Raises
    ------
    NotFound
        When there is neither such a layer nor such a file.
    """
    bind_ordinary(settings.grid_limits)
    target = args.target or DEFAULT_LAYER
    kept = None
    if target in coverage_layers():
        with reachable(settings) as reached:
            migrate(reached.owner_dsn)
            database = Database(reached.owner_dsn, pool_size=1)
            try:
                checked, kept = check_and_keep(database, target)
            finally:
                database.close()
    elif Path(target).is_file():
        file = read_checked_file(Path(target))
        townships = {name: code for coverage in file.coverages for name, code in coverage.townships().items()}
        shapes = [file.plane.degrees(file.plane.flat(coverage.geometries)) for coverage in file.coverages]
        ids = [name for coverage in file.coverages for name in coverage.ids]
        checked = Checked(Path(target).name, check_file(file), ids, np.concatenate(shapes), townships)
    else:
        raise NotFound("check.no-target", target=target, layers=", ".join(coverage_layers()))
    found, count = checked.findings, len(checked.ids)
    if args.report is not None:
        write_report(Path(args.report), checked, terminal.language, datetime.now().astimezone())
        terminal.note(terminal.text("report.written", path=args.report))
    if args.json:
        terminal.out(json.dumps(as_geojson(found, count, kept), ensure_ascii=False))
    else:
        tell(terminal, target, found, count, kept)
    states = kept.states if kept else {}
    names = kept.ids if kept else [finding.identity for finding in found]
    errors = [id_ for finding, id_ in zip(found, names, strict=True) if finding.severity == "error"]
    return int(any(states.get(id_, "open") == "open" for id_ in errors))


def check_and_keep(database: Database, layer: str) -> tuple[Checked, Kept]:
    """Check a layer and keep its findings, in one transaction of the owner."""
    with database.transaction(ADMIN) as cur:
        found, coverages = check_layer(cur, layer)
        townships: dict[str, str] = {}
        for coverage in coverages:
            townships |= coverage.townships()
        kept = store_findings(cur, layer, found, townships=townships)
        names = division_names(cur, sorted(set(townships.values())))
    ids = [name for coverage in coverages for name in coverage.ids]
    shapes = np.concatenate([coverage.geometries for coverage in coverages])
    states = [kept.states[id_] for id_ in kept.ids]
    return Checked(layer, found, ids, shapes, townships, names, states), kept


def as_geojson(found: Sequence[Finding], count: int, kept: Kept | None) -> dict[str, Any]:
    """Findings as a FeatureCollection; those of a layer with their stored id and state."""
    answer = finding_features(found, checked=count)
    if kept is not None:
        for feature, id_ in zip(answer["features"], kept.ids, strict=True):
            feature["id"] = id_
            feature["properties"]["state"] = kept.states[id_]
    return answer


def tell(terminal: Terminal, target: str, found: Sequence[Finding], count: int, kept: Kept | None) -> None:
    """Findings as a table with a line of numbers below it."""
    if not found:
        terminal.tell("check.sound", target=target, count=count)
    else:
        names = {key: text.in_(terminal.language) for key, text in SEVERITIES}
        columns = ("severity", "area", "width", "state", *(["id"] if kept else []), "message")
        head = [terminal.text(f"check.{column}") for column in columns]
        rows = []
        for place, finding in enumerate(found[:MOST_ROWS]):
            state = kept.states[kept.ids[place]] if kept else "open"
            rows.append(
                [
                    names[finding.severity],
                    None if finding.area_m2 is None else _short(finding.area_m2),
                    None if finding.width_m is None else _short(finding.width_m),
                    terminal.text(f"check.state.{state}"),
                    *([kept.ids[place]] if kept else []),
                    message(finding, terminal.language),
                ]
            )
        terminal.table(head, rows)
        if len(found) > MOST_ROWS:
            terminal.tell("check.more", count=len(found) - MOST_ROWS)
        of = Counter(finding.severity for finding in found)
        numbers = {"errors": of["error"], "warnings": of["warning"], "notes": of["note"]}
        terminal.tell("check.summary", target=target, count=count, **numbers)
    if kept is not None and (kept.new or kept.fixed):
        terminal.tell("check.kept", new=len(kept.new), fixed=len(kept.fixed))
    if kept is not None and found:
        terminal.tell("check.decide", id=kept.ids[0])


def _short(number: float) -> float:
    """A number with as many digits as a table needs."""
    return round(number, 2) if number < 10 else round(number, 1) if number < 1000 else round(number)
