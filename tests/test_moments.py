"""Written times: what each spelling covers, in the city's one time zone, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InvalidInput
from layers.features.moments import CITY_ZONE, Period, day_in_city, parse_moment, parse_period

TICK = timedelta(microseconds=1)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
DAYS = st.dates(date(1900, 1, 1), date(9999, 12, 31))


def city(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=CITY_ZONE)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024", city(2024, 1, 1), city(2025, 1, 1) - TICK),
        ("2024-02", city(2024, 2, 1), city(2024, 3, 1) - TICK),
        ("2023-12", city(2023, 12, 1), city(2024, 1, 1) - TICK),
        ("2024-02-29", city(2024, 2, 29), city(2024, 3, 1) - TICK),
        ("2024-05-01T08:00:00Z", city(2024, 5, 1, 16), city(2024, 5, 1, 16)),
        ("2024-05-01T08:00:00+08:00", city(2024, 5, 1, 8), city(2024, 5, 1, 8)),
        ("2024-05-01T08:00:00", city(2024, 5, 1, 8), city(2024, 5, 1, 8)),
        ("2024-05-01t08:00:00z", city(2024, 5, 1, 16), city(2024, 5, 1, 16)),
        ("2024-05-01 08:00", city(2024, 5, 1, 8), city(2024, 5, 1, 8)),
        ("2024-05-01T08:00:00.25-05:30", city(2024, 5, 1, 21, 30, 0, 250_000), city(2024, 5, 1, 21, 30, 0, 250_000)),
        ("9999", city(9999, 1, 1), city(9999, 12, 31, 23, 59, 59, 999_999)),
        ("9999-12-31", city(9999, 12, 31), city(9999, 12, 31, 23, 59, 59, 999_999)),
        ("0001-01-01", city(1, 1, 1), city(1, 1, 2) - TICK),
    ],
)
def test_a_spelling_covers_its_period(text: str, start: datetime, end: datetime) -> None:
    assert parse_moment(text, "datetime") == Period(start, end)
    assert parse_period(text) == Period(start, end)


@given(MOMENTS)
def test_a_moment_lies_in_its_own_day_month_and_year(moment: datetime) -> None:
    local = moment.astimezone(CITY_ZONE)
    for text in (f"{local:%Y-%m-%d}", f"{local:%Y-%m}", f"{local:%Y}"):
        period = parse_moment(text, "datetime")
        assert period.start <= moment <= period.end
    assert day_in_city(moment).isoformat() == f"{local:%Y-%m-%d}"


@given(DAYS)
def test_days_follow_each_other_without_a_gap(day: date) -> None:
    period = parse_moment(day.isoformat(), "datetime")
    assert day_in_city(period.start) == day == day_in_city(period.end)
    assert period.start.utcoffset() == timedelta(hours=8)
    assert period.end - period.start == timedelta(days=1) - TICK
    if day < date.max:
        assert parse_moment((day + timedelta(days=1)).isoformat(), "datetime").start - period.end == TICK


@given(MOMENTS, st.integers(-14 * 4, 14 * 4))
def test_an_offset_changes_the_words_and_not_the_moment(moment: datetime, quarters: int) -> None:
    written = moment.astimezone(timezone(timedelta(minutes=15 * quarters))).isoformat()
    assert parse_moment(written, "datetime") == Period(moment, moment)


@given(MOMENTS, MOMENTS)
def test_an_interval_runs_from_its_first_end_to_its_last(one: datetime, other: datetime) -> None:
    first, last = sorted((one, other))
    assert parse_period(f"{first.isoformat()}/{last.isoformat()}") == Period(first, last)
    for opening in ("", ".."):
        assert parse_period(f"{opening}/{last.isoformat()}") == Period(None, last)
        assert parse_period(f"{first.isoformat()}/{opening}") == Period(first, None)
    if first < last:
        with pytest.raises(InvalidInput) as refused:
            parse_period(f"{last.isoformat()}/{first.isoformat()}")
        assert refused.value.key == "query.datetime-order"


def test_the_ends_of_an_interval_take_in_their_whole_day() -> None:
    assert parse_period("2024-05/2024-05-02") == Period(city(2024, 5, 1), city(2024, 5, 3) - TICK)
    assert parse_period("../..") == Period(None, None)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "/", "24", "2024-5", "2024-13", "2024-00", "2024-02-30", "2023-02-29", "0000", "10000", "now", "昨天",
        "2024-01-01T25:00:00Z", "2024-01-01T10:60:00Z", "2024-01-01T10:00:00+25:00", "2024-01-01T10", "2024\n",
        "２０２４", "2024-01-01/2024-01-02/2024-01-03", "2024-01-01/yesterday", ".../2024", "2024-01-01T00:00:00Zjunk",
        "-2024-01-01", "0001-01-01T00:00:00+14:00", "2024-01-01T10:00:00Z'; drop table wangge.cases; --",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_by_name_and_value(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_period(text, "reported_at")
    assert refused.value.key == "query.datetime"
    assert refused.value.values["parameter"] == "reported_at"
    assert refused.value.values["value"] in (text, *text.split("/"), text.partition("/")[2])


@given(st.text(max_size=30))
def test_any_text_is_a_period_or_refused(text: str) -> None:
    try:
        period = parse_period(text)
    except InvalidInput:
        return
    assert period.start is None or period.end is None or period.start <= period.end
