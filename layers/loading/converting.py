"""Values of a file made into values of a field: codes as text, numbers, days and moments, titles of coded fields."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

from layers.catalogue.layer import Field
from layers.features.moments import CITY_ZONE
from layers.loading.moments import Moments
from layers.loading.personal_data import masked, personal_data
from layers.loading.rejects import Problem
from layers.loading.rules import Rule

_EXACT: Final = 2**53
"""From here on a binary float no longer holds every whole number, so a code that went through one is lost."""

_NOTHING: Final = frozenset({"", "null", "<null>", "\\n", "nan", "none", "n/a", "#n/a"})
_TRUE: Final = frozenset({"true", "t", "yes", "y", "1", "是", "有", "真"})
_FALSE: Final = frozenset({"false", "f", "no", "n", "0", "否", "无", "假"})
_DAY: Final = re.compile(r"(\d{4})([-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})日?(?:[T ]*(.*))?\Z", re.DOTALL)
_PLAIN_DAY: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2})?)?\Z")
_CLOCK: Final = re.compile(
    r"(\d{1,2})[:时点](\d{1,2})(?:[:分](?:(\d{1,2})(?:[.,](\d{1,9}))?秒?)?)?"
    r"\s*(Z|[+-]\d{2}(?::?\d{2})?)?\Z",
    re.IGNORECASE,
)
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?\Z")
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z")
_ROUNDED: Final = re.compile(r"\d(\.\d+)?[eE]\+?\d+\Z")
_DIRECTIONS: Final = {
    "东": 90, "西": 270, "南": 180, "北": 0, "东南": 135, "东北": 45, "西南": 225, "西北": 315,
    "e": 90, "w": 270, "s": 180, "n": 0, "se": 135, "ne": 45, "sw": 225, "nw": 315,
    "east": 90, "west": 270, "south": 180, "north": 0,
    "southeast": 135, "northeast": 45, "southwest": 225, "northwest": 315,
}  # fmt: skip
# GB/T 28181 DirectionType: 1 east 2 west 3 south 4 north 5 south-east 6 north-east 7 south-west 8 north-west
_DIRECTION_TYPES: Final = {1: 90, 2: 270, 3: 180, 4: 0, 5: 135, 6: 45, 7: 225, 8: 315}
DIRECTION_TYPE: Final = "directiontype"
"""Name of the column of GB/T 28181 whose numbers are directions; in any other they are degrees."""


class Converter:
    """Makes values of one column into values of one field.

    Parameters
    ----------
    field : Field
        Where they go.
    rule : Rule
        Its limits.
    column : str
        Name of the column that they come from.
    own_number : bool
        The text is a number of its own kind, such as a case's.

    Attributes
    ----------
    repaired : tuple of (str, str) or None
        First value that was mended without loss (a code that had become a number), and what it became.
    """

    def __init__(self, field: Field, rule: Rule, column: str, *, own_number: bool = False) -> None:
        self._field, self._rule, self._own_number = field, rule, own_number
        self._numbered_directions = column.replace("_", "").casefold() == DIRECTION_TYPE
        self.repaired: tuple[str, str] | None = None
        self._titles = {
            _folded(word): code for code, title in field.values for word in (code, title.zh, title.en, _short(title.en))
        }
        kind: dict[str, Any] = {
            "integer": self._integer,
            "number": self._number,
            "boolean": self._boolean,
            "date": self._date,
            "date-time": self._moment,
        }
        way = self._code if rule.digits else self._coded if field.values else kind.get(field.type, self._text)
        if field.name == "azimuth_deg":
            way = self._azimuth
        # A column repeats its values more often than not; 1, 1.0 and True are kept apart.
        self._way = lru_cache(maxsize=4096, typed=True)(way)

    def __call__(self, value: object) -> Any:
        """The value for the field, None for nothing, or the `Problem` with it."""
        if value is None or value != value:  # NaN, with which a table of numbers says nothing
            return None
        if isinstance(value, str):
            value = value.strip().strip("\ufeff\u200b")
            if value.casefold() in _NOTHING:
                return None
            if "\0" in value:
                return Problem("load.reject-control")
        elif isinstance(value, (list, dict, bytes)):
            value = str(value)
        return self._way(value)

    def column(self, values: Sequence[object]) -> list[Any]:
        """The values for the field of a whole column; a text that it repeats is looked at once."""
        if self._field.type == "date-time" and (moments := Moments.of(values)) is not None:
            return moments
        made: dict[str, Any] = {}
        out = []
        for value in values:
            if type(value) is not str:
                out.append(self(value))
                continue
            if value not in made:
                made[value] = self(value)
            out.append(made[value])
        return out

    def _text(self, value: object) -> str | Problem:
        text = _as_text(value)
        found = personal_data(text, is_number=self._own_number)
        return Problem(f"load.reject-{found}", hidden=masked(text)) if found else text

    def _coded(self, value: object) -> str | Problem:
        code = self._titles.get(_folded(_as_text(value)))
        if code is None:
            allowed = ", ".join(f"{code} {title.zh}" for code, title in self._field.values)
            return Problem("load.reject-value", {"allowed": allowed})
        return code

    def _code(self, value: object) -> str | Problem:
        if isinstance(value, float):
            if abs(value) >= _EXACT:
                return Problem("load.reject-rounded")
            code = str(int(value)) if value.is_integer() else str(value)
        else:
            code = unicodedata.normalize("NFKC", _as_text(value)).replace(" ", "")
            code = code.removeprefix("=").strip("\"'")
            if _ROUNDED.match(code):
                return Problem("load.reject-rounded")
            code = re.sub(r"\A(\d+)\.0+\Z", r"\1", code)
        if self._rule.digits == (5,) and len(code) == 4:
            code = f"0{code}"  # the class of a case's type begins with a zero, which a number drops
        if not (code.isascii() and code.isdigit()) or len(code) not in self._rule.digits:
            return Problem("load.reject-code", {"digits": "/".join(map(str, self._rule.digits)), "length": len(code)})
        if code != str(value) and self.repaired is None:
            self.repaired = (str(value), code)
        return code

    def _number(self, value: object) -> float | Problem:
        number = _as_number(value)
        if number is None:
            return Problem("load.reject-number")
        return self._within(number)

    def _within(self, number: float) -> float | Problem:
        if not self._rule.allows(number):
            return Problem("load.reject-range", {"range": self._rule.written()})
        return number

    def _integer(self, value: object) -> int | Problem:
        number = _as_number(value)
        if number is None or not number.is_integer():
            return Problem("load.reject-integer")
        within = self._within(number)
        return within if isinstance(within, Problem) else int(number)

    def _azimuth(self, value: object) -> float | Problem:
        number = _as_number(value)
        if number is None:
            # 由东向西, from east to west, faces west
            last = _as_text(value).removesuffix("向").rpartition("向")[2]
            words = re.sub(r"[\s-]|方|朝|面", "", last).casefold()
            return float(_DIRECTIONS[words]) if words in _DIRECTIONS else Problem("load.reject-azimuth")
        if self._numbered_directions:
            known = _DIRECTION_TYPES.get(int(number)) if number.is_integer() else None
            return Problem("load.reject-azimuth") if known is None else float(known)
        return 0.0 if number == 360 else self._within(number)

    def _boolean(self, value: object) -> bool | Problem:
        if isinstance(value, bool):
            return value
        word = _as_text(value).casefold().removesuffix(".0")
        return True if word in _TRUE else False if word in _FALSE else Problem("load.reject-boolean")

    def _moment(self, value: object) -> datetime | Problem:
        moment = _as_moment(value)
        return Problem("load.reject-moment") if moment is None else moment

    def _date(self, value: object) -> date | Problem:
        moment = _as_moment(value)
        return Problem("load.reject-date") if moment is None else moment.astimezone(CITY_ZONE).date()


def _as_text(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return str(value)


def _folded(text: str) -> str:
    """Text for comparing titles: case, blanks, hyphens and full-width forms don't matter."""
    return re.sub(r"[\s_'’-]", "", unicodedata.normalize("NFKC", text)).casefold()


def _short(title: str) -> str:
    """A title without what it explains in parentheses."""
    return title.partition(" (")[0]


def _as_number(value: object) -> float | None:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, (int, float, Decimal)):
        number = float(value)
    else:
        text = unicodedata.normalize("NFKC", str(value)).strip()
        if _GROUPED.match(text):
            text = text.replace(",", "")
        if not _NUMBER.match(text):
            return None
        try:
            number = float(Decimal(text))
        except (InvalidOperation, OverflowError):
            return None
    return number if math.isfinite(number) else None


def _as_moment(value: object) -> datetime | None:
    """A moment with its offset; one without is the city's clock, and a bare day begins at midnight."""
    if isinstance(value, datetime):
        return _plausible(value if value.tzinfo else value.replace(tzinfo=CITY_ZONE))
    if isinstance(value, date):
        return _plausible(datetime(value.year, value.month, value.day, tzinfo=CITY_ZONE))
    text = _as_text(value)
    if text[4:5] == "-" == text[7:8]:
        try:
            moment = datetime.fromisoformat(text)  # the common way, and ten times as fast
            return _plausible(moment if moment.tzinfo else moment.replace(tzinfo=CITY_ZONE))
        except ValueError:
            pass
    text = unicodedata.normalize("NFKC", text).strip()
    zone: tzinfo = CITY_ZONE
    micro, clock = 0, (0, 0, 0)
    if found := _PLAIN_DAY.match(text):
        day = (int(found[1]), int(found[2]), int(found[3]))
        clock = (int(found[4] or 0), int(found[5] or 0), int(found[6] or 0))
    elif found := _DAY.match(text):
        day = (int(found[1]), int(found[3]), int(found[4]))
        if found[5]:
            time = _CLOCK.match(found[5].strip())
            if not time:
                return None
            clock = (int(time[1]), int(time[2]), int(time[3] or 0))
            micro = int((time[4] or "0").ljust(6, "0")[:6])
            if time[5]:
                sign = -1 if time[5][0] == "-" else 1
                digits = time[5][1:].replace(":", "") if time[5].upper() != "Z" else "00"
                offset = timedelta(hours=int(digits[:2] or 0), minutes=int(digits[2:] or 0)) * sign
                zone = timezone(offset)
    else:
        return None
    try:
        return _plausible(datetime(*day, *clock, micro, tzinfo=zone))
    except ValueError:
        return None


def _plausible(moment: datetime) -> datetime | None:
    """None for a year that no register of today holds, such as the 1 or 9999 with which some programs say nothing."""
    return moment if 1900 <= moment.year <= 2199 else None
