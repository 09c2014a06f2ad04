"""Where the counts of a request are read: exact ones of months and days for staff, released ones for everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from geo.heat.cells import CASE_RESOLUTION
from layers.database.sqltext import Sql, all_of
from layers.features.moments import month_end, month_start
from layers.heat.heat_request import ALL, KINDS, HeatRequest
from layers.heat.public import released_resolution, with_years

EXACT: Final = "(select wangge.heat_audience()) = 'staff'"
"""Asked besides the row rule, which the owner of the tables is not held to."""


def exact(wanted: HeatRequest, within: Sequence[Sql]) -> list[Sql]:
    """What staff see: whole months from the rolled-up counts where these know what is asked, else days."""
    first, last = wanted.first, wanted.last
    if "month" in wanted.spread:
        first, last = month_start(first), month_end(last)
    if rolled_up(wanted):
        begin, end = first, last
        if first is not None and first.day > 1:
            begin = (first + timedelta(days=32 - first.day)).replace(day=1)
        if last is not None and last != month_end(last):
            end = last.replace(day=1) - timedelta(days=1)
        if begin is None or end is None or begin < end:
            parts = [_months("staff", wanted, begin, end, within)]
            if first is not None and begin is not None and first < begin:
                parts.append(_days(wanted, first, begin - timedelta(days=1), within))
            if last is not None and end is not None and end < last:
                parts.append(_days(wanted, end + timedelta(days=1), last, within))
            return parts
    return [_days(wanted, first, last, within)]


def rolled_up(wanted: HeatRequest) -> bool:
    """Whether the rows of a month know all that is asked: in cells above the cases', in the coarser ones by class or by
    channel as well.
    """
    asked = [name for name in KINDS if name in wanted.spread or getattr(wanted, name) != ALL]
    return wanted.resolution < CASE_RESOLUTION - (1 if asked else 0) and asked in ([], ["class_code"], ["channel"])


def released(wanted: HeatRequest, within: Sequence[Sql]) -> Sql:
    """What everybody else sees: released counts of the months that the period touches, and of its whole years."""
    told = replace(wanted, first=month_start(wanted.first), last=month_end(wanted.last))
    if "month" in told.spread:
        return _months("public", told, told.first, told.last, within)
    resolution = Sql("%s::smallint", (told.resolution,)) if "resolution" in told.spread else released_resolution(told)
    kinds = frozenset({"month", "class_code"})
    months = _months("public", replace(told, spread=told.spread | kinds), told.first, told.last, within)
    if "class_code" not in told.spread:
        months = Sql("select * from (") + months + Sql(") as told where class_code = %s::text", (told.class_code,))
    cells = _cells(resolution, within) if within else None
    others = "".join(f", '{ALL}' as {name}" for name in ("type_code", "channel") if name in told.spread)
    columns = columns_of(told)
    return (
        Sql(f"select {columns}, count from (select *{others} from (")
        + with_years(told, months, resolution, cells)
        + Sql(") as summed) as named")
    )


def _months(
    audience: str, wanted: HeatRequest, first: date | None, last: date | None, within: Sequence[Sql]
) -> Sql:
    """Rows of ``wangge.case_heat``; the audience is named for the index, row-level security decides."""
    resolution = Sql("%s::smallint", (wanted.resolution,))
    if audience == "public" and "resolution" not in wanted.spread:
        resolution = released_resolution(wanted)
    chosen = [
        Sql("(select wangge.heat_audience()) = %s::text", (audience,)),
        Sql("audience = %s::text", (audience,)),
        Sql("resolution =") + resolution,
    ]
    for name in ("class_code", "channel"):
        if name not in wanted.spread:
            chosen.append(Sql(f"{name} = %s::text", (getattr(wanted, name),)))
    columns = "cell, month, class_code, channel"
    if "type_code" in wanted.spread:
        columns += ", 'all' as type_code"
    elif wanted.type_code != ALL:
        chosen.append(Sql("false"))
    chosen += [Sql(f"month {op} %s::date", (day,)) for op, day in ((">=", first), ("<=", last)) if day is not None]
    if within:
        chosen.append(Sql("cell in (") + _cells(resolution, within) + Sql(")"))
    return Sql(f"select {columns_of(wanted)}, count from (select {columns}, count from wangge.case_heat") + all_of(
        chosen
    ) + Sql(") as months")


def _days(wanted: HeatRequest, first: date | None, last: date | None, within: Sequence[Sql]) -> Sql:
    """Rows of ``wangge.case_counts``, seen by those alone whose sight doesn't end at a township's border."""
    chosen = [Sql(EXACT)]
    chosen += [Sql(f"day {op} %s::date", (day,)) for op, day in ((">=", first), ("<=", last)) if day is not None]
    cell = "cell" if wanted.resolution == CASE_RESOLUTION else "wangge.h3_parent(cell, %s)"
    source = Sql("select")
    values = {
        "class_code": "wangge.class_of(category, type_code)", "type_code": "category || '-' || type_code",
        "channel": "channel",
    }  # fmt: skip
    spread = []
    for name, value in values.items():
        if name in wanted.spread:
            spread.append(f"lateral (values ('all'), ({value})) as spread_{name} ({name})")
    for name, value in values.items():
        if name not in wanted.spread and getattr(wanted, name) != ALL:
            chosen.append(Sql(f"{value} = %s::text", (getattr(wanted, name),)))
    own = () if wanted.resolution == CASE_RESOLUTION else (wanted.resolution,)
    if within:
        chosen.append(
            Sql(f"{cell} in (", own) + _cells(Sql("%s::smallint", (wanted.resolution,)), within) + Sql(")")
        )
    kinds = "".join(f", spread_{name}.{name} as {name}" for name in KINDS if name in wanted.spread)
    source = Sql(f"select {cell} as cell, date_trunc('month', day)::date as month{kinds}, count", own) + Sql(
        f"from {', '.join(['wangge.case_counts', *spread])}"
    )
    return Sql(f"select {columns_of(wanted)}, count from (") + source + all_of(chosen) + Sql(") as days")


def columns_of(wanted: HeatRequest) -> str:
    """Cell and what is spread out."""
    return ", ".join(["cell", *(name for name in ("month", *KINDS) if name in wanted.spread)])


def _cells(resolution: Sql, within: Sequence[Sql]) -> Sql:
    return Sql("select cell from wangge.h3_cells") + all_of([Sql("resolution =") + resolution, *within])
