"""The page ``/situation``: how townships, villages or grids did in a month, as bars and numbers, for staff."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from config.pages.templating import render
from geo.errors import InvalidInput
from geo.hotspots.steps import period_before, steps_up_to, steps_within
from layers.database.database import Database
from layers.hotspots.cubes import last_day
from layers.hotspots.run import days_of
from layers.situation.assess import assess, unit_rows
from layers.situation.case_filter import CaseFilter
from layers.situation.rules import bound_rules
from layers.situation.units import Level

SHOWN: tuple[Level, ...] = ("township", "village", "grid")
MOST_ROWS = 400
MONTHS = 24


def situation_page(base_url: str, language: str, database: Database, asked: Mapping[str, str]) -> str:
    """HTML of the page, as the current identity may see it.

    Parameters
    ----------
    base_url : str
        Root of the service without a slash at its end.
    language : str
        ``"zh"`` or ``"en"``.
    database : Database
    asked : mapping of str to str
        ``level`` (township) and ``month`` (the last whole one) of the query.

    Raises
    ------
    InvalidInput
        For a level or month that there is not.
    """
    level = next((one for one in SHOWN if one == asked.get("level", SHOWN[0])), None)
    if level is None:
        raise InvalidInput("situation.level", level=asked["level"][:20], known=", ".join(SHOWN))
    rules = bound_rules()
    with database.transaction() as cur:
        latest = last_day(cur)
        period = _month(asked["month"]) if asked.get("month") else _last_month(latest)
        found = {} if period is None else assess(
            cur, [level, "county"], period, period_before(*period), CaseFilter(), rules
        )  # fmt: skip
    rows = [] if level not in found else unit_rows(found[level])
    whole = [] if "county" not in found else unit_rows(found["county"])
    rows.sort(key=lambda row: (row["rank"] is None, row["rank"], row["code"]))
    data = {
        "level": level,
        "levels": SHOWN,
        "month": period[0].strftime("%Y-%m") if period else "",
        "months": _months(latest),
        "rows": rows[:MOST_ROWS],
        "units": len(rows),
        "whole": whole[0] if whole else None,
        "most": max((row["count"] for row in rows), default=0),
        "components": rules.components,
        "elsewhere": found[level].elsewhere if level in found else 0,
    }
    return render("situation.html", data, language, base_url)


def _month(text: str) -> tuple[date, date]:
    try:
        first = date.fromisoformat(f"{text}-01")
        return days_of(steps_within(first, first + timedelta(days=31), "month")[:2])
    except (ValueError, OverflowError) as error:
        raise InvalidInput("situation.month", month=text[:20]) from error


def _last_month(latest: date | None) -> tuple[date, date] | None:
    return None if latest is None else days_of(steps_up_to(latest, "month", 1))


def _months(latest: date | None) -> list[str]:
    """Months to choose from, the latest first."""
    if latest is None:
        return []
    bounds = steps_up_to(latest, "month", MONTHS)
    return [day.strftime("%Y-%m") for day in bounds[-2::-1]]
