"""A report of a check for those who read neither maps nor GeoJSON: one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray

from config.pages.report_picture import Surroundings, picture
from geo.errors import InvalidInput
from geo.finding import KINDS, Finding
from layers.catalogue.coded import SEVERITIES
from layers.checking.finding_text import message
from layers.texts import say

PICTURES: Final = 300
"""Places that are drawn, the worst first; the table has all findings."""


@dataclass(frozen=True, eq=False)
class Checked:
    """What was checked, and what came of it.

    Attributes
    ----------
    target : str
        Name of the layer or file.
    findings : sequence of Finding
        Geometries in EPSG:4490, the worst first.
    ids : list of str
        Of the polygons.
    shapes : ndarray of shapely geometries
        The polygons in EPSG:4490.
    townships : mapping of str to str
        9-digit township of a polygon by its id, where it is known.
    township_names : mapping of str to str
    states : sequence of str
        ``open`` or ``accepted`` of each finding; all are open when empty.
    """

    target: str
    findings: Sequence[Finding]
    ids: list[str]
    shapes: NDArray[np.object_]
    townships: Mapping[str, str] = field(default_factory=dict)
    township_names: Mapping[str, str] = field(default_factory=dict)
    states: Sequence[str] = ()


def write_report(path: Path, checked: Checked, language: str, at: datetime) -> None:
    """Write the report.

    Parameters
    ----------
    path : Path
        Overwritten.
    checked : Checked
    language : str
        ``"zh"`` or ``"en"``.
    at : datetime
        When the check ran.

    Raises
    ------
    InvalidInput
        When the file can't be written.
    """
    try:
        path.write_text(report(checked, language, at), encoding="utf-8")
    except OSError as error:
        raise InvalidInput("report.unwritable", path=str(path), reason=error.strerror or str(error)) from error


def report(checked: Checked, language: str, at: datetime) -> str:
    """The report as HTML; arguments as those of `write_report`."""

    def words(key: str, **values: object) -> str:
        return say(key, language, **values)

    titles = {key: text.in_(language) for key, text in SEVERITIES}
    around = Surroundings.of(checked.ids, checked.shapes)
    rows = []
    for place, finding in enumerate(checked.findings):
        code = next((checked.townships[name] for name in finding.ids if name in checked.townships), "")
        svg = ""
        if place < PICTURES and finding.geometry is not None and not finding.geometry.is_empty:
            svg = picture(finding.geometry, finding.severity, finding.ids, around)
        state = checked.states[place] if checked.states else "open"
        rows.append({
            "number": place + 1,
            "severity": finding.severity,
            "severity_title": titles[finding.severity],
            "kind": words(f"report.kind.{finding.kind}"),
            "township": checked.township_names.get(code, code) or words("report.no-township"),
            "area": _number(finding.area_m2),
            "width": _number(finding.width_m),
            "state": words(f"check.state.{state}"),
            "message": message(finding, language),
            "svg": svg,
        })  # fmt: skip
    drawn = [row for row in rows if row["svg"]]
    areas = [finding.area_m2 for finding in checked.findings]
    kinds = [words(f"report.kind.{kind}") for kind in KINDS]
    return _template().render(
        language="zh-CN" if language == "zh" else "en",
        say=words,
        target=checked.target,
        count=len(checked.ids),
        day=at.strftime("%Y-%m-%d %H:%M"),
        numbers=[(key, title, sum(f.severity == key for f in checked.findings)) for key, title in titles.items()],
        accepted=sum(state == "accepted" for state in checked.states),
        overlap=_number(_sum(checked.findings, ("overlap", "duplicate"))),
        gap=_number(_sum(checked.findings, ("gap",))),
        area=_number(_measured(areas)),
        kinds=sorted(_totals(rows, areas, "kind"), key=lambda total: kinds.index(total["name"])),
        townships=sorted(_totals(rows, areas, "township"), key=_worst_first),
        rows=rows,
        pictures=drawn,
        hidden=len(rows) - len(drawn),
    )


def _totals(rows: Sequence[Mapping[str, Any]], areas: Sequence[float | None], by: str) -> list[dict[str, Any]]:
    """Findings by severity and their area, for each value of a column."""
    totals: dict[str, tuple[dict[str, int], list[float | None]]] = {}
    for row, area in zip(rows, areas, strict=True):
        numbers, sums = totals.setdefault(row[by], ({key: 0 for key, _ in SEVERITIES}, []))
        numbers[row["severity"]] += 1
        sums.append(area)
    return [
        {"name": name, "numbers": list(numbers.values()), "area": _number(_measured(sums))}
        for name, (numbers, sums) in totals.items()
    ]


def _measured(areas: Sequence[float | None]) -> float | None:
    """Sum of the areas, None where none was measured: a code that clashes has no size, which is not a size of 0."""
    known = [area for area in areas if area is not None]
    return sum(known) if known else None


def _worst_first(total: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*(-number for number in total["numbers"]), total["name"])


def _sum(findings: Sequence[Finding], kinds: tuple[str, ...]) -> float:
    return sum(finding.area_m2 or 0.0 for finding in findings if finding.kind in kinds)


def _number(value: float | None) -> str:
    """Square metres or metres with as many digits as a table needs."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _template() -> Any:
    folder = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=folder, autoescape=True, undefined=StrictUndefined).get_template("report.html")
