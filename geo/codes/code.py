"""Codes of grids: taken apart, put together, and explained in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from geo.codes.schemes import DEFAULT_SCHEME, CodeScheme
from geo.errors import InvalidInput

#: Number of the village part that the statistics bureau gives a virtual community (a farm, a park, a zone).
VIRTUAL_COMMUNITY = "498"

# First digit of the township part and of the village part, by the coding rules of the statistical divisions.
_TOWNSHIP_CLASS = {"0": "street", "1": "town", "2": "township", "3": "township", "4": "other", "5": "other"}
_VILLAGE_CLASS = {"0": "residents", "1": "residents", "2": "villagers", "3": "villagers", "4": "other", "5": "other"}
_WORDED_KINDS = ("social", "dedicated")


@dataclass(frozen=True, order=True)
class Code:
    """The parts of a grid's code.

    Parameters
    ----------
    county, township, village : str
        6, 3 and 3 digits; each part alone, see `village_code` for the 12 digits together.
    serial : int
        Number inside the village.
    object_class : str
        Digits of the object class, empty in schemes without one.
    """

    county: str
    township: str
    village: str
    serial: int
    object_class: str = ""

    @property
    def township_code(self) -> str:
        """9 digits of the township or street."""
        return self.county + self.township

    @property
    def village_code(self) -> str:
        """12 digits of the village or community."""
        return self.county + self.township + self.village


class Explanation(NamedTuple):
    """One segment of a code in words: its name, its digits, the key of a text and the values of the text."""

    segment: str
    digits: str
    key: str
    values: dict[str, object]


def parse_code(code: str, scheme: CodeScheme = DEFAULT_SCHEME) -> Code:
    """Take a code apart.

    Parameters
    ----------
    code : str
        Digits of the scheme's width, nothing else: no blanks, no full-width digits.
    scheme : CodeScheme
        What the digits mean.

    Returns
    -------
    Code
        `format_code` puts it together again.

    Raises
    ------
    InvalidInput
        Naming the first segment that is wrong and its digits; for a code too long, a village part of 000 (a grid
        belongs to a village, never straight to a township: DB6101/T 3185-2024 5.2 b), a serial of zero.

    Examples
    --------
    >>> parse_code("321283100201007")
    Code(county='321283', township='100', village='201', serial=7, object_class='')
    >>> parse_code("3212831002010O7")
    Traceback (most recent call last):
    geo.errors.InvalidInput: code.wrong-serial(code='3212831002010O7', digits='0O7', first=13, last=15, width=3)
    """
    if not isinstance(code, str):
        raise InvalidInput("code.not-text", code=code, width=scheme.width)
    parts: dict[str, str] = {}
    for segment, start, end in scheme.spans():
        digits = code[start:end]
        if len(digits) < segment.width or not (digits.isascii() and digits.isdigit()):
            key = f"code.wrong-{segment.name.replace('_', '-')}"
            raise InvalidInput(key, code=code, digits=digits, first=start + 1, last=end, width=segment.width)
        parts[segment.name] = digits
    if len(code) > scheme.width:
        raise InvalidInput("code.too-long", code=code, length=len(code), width=scheme.width, rest=code[scheme.width :])
    if parts["village"] == "000":
        raise InvalidInput("code.no-village", code=code, digits="000")
    serial = int(parts["serial"])
    if serial == 0 and scheme.whole_village_serial != 0:
        raise InvalidInput("code.zero-serial", code=code, digits=parts["serial"])
    return Code(parts["county"], parts["township"], parts["village"], serial, parts.get("object_class", ""))


def format_code(code: Code, scheme: CodeScheme = DEFAULT_SCHEME) -> str:
    """Put a code together, the inverse of `parse_code`.

    Raises
    ------
    InvalidInput
        When a part does not fit its segment, as `parse_code` raises it.

    Examples
    --------
    >>> format_code(Code("321283", "100", "201", 7))
    '321283100201007'
    """
    digits: list[str] = []
    for segment in scheme.segments:
        part = f"{code.serial:0{segment.width}d}" if segment.source == "serial" else getattr(code, segment.name)
        if len(part) != segment.width:
            key = f"code.wrong-{segment.name.replace('_', '-')}"
            start, end = next((start, end) for other, start, end in scheme.spans() if other is segment)
            raise InvalidInput(key, code="".join(digits) + part, digits=part, first=start + 1, last=end,
                               width=segment.width)
        digits.append(part)
    text = "".join(digits)
    parse_code(text, scheme)
    return text


def code_of(village_code: str, kind: str, serial: int, scheme: CodeScheme = DEFAULT_SCHEME) -> str:
    """Code of the grid of a kind with a serial inside a village.

    Parameters
    ----------
    village_code : str
        12 digits.
    kind : str
        A kind of the scheme; it gives the object class where the scheme has one.
    serial : int
        In the kind's block, or the scheme's serial of a whole village.

    Raises
    ------
    InvalidInput
        When the village is not 12 digits, or the serial is outside the block.

    Examples
    --------
    >>> code_of("321283100201", "dedicated", 501)
    '321283100201501'
    """
    check_village_code(village_code)
    block = scheme.block_of(kind)
    if serial not in block and serial != scheme.whole_village_serial:
        raise InvalidInput("code.outside-block", village=village_code, serial=serial, kind=kind, first=block.first,
                           last=block.last)
    return format_code(
        Code(village_code[:6], village_code[6:9], village_code[9:], serial, block.object_class), scheme
    )


def check_village_code(village_code: str) -> None:
    """InvalidInput unless this is the 12-digit code of a village or community."""
    if not isinstance(village_code, str) or len(village_code) != 12 or not village_code.isascii() \
            or not village_code.isdigit() or village_code.endswith("000"):
        raise InvalidInput("code.not-a-village", village=village_code)


def explain_code(
    code: str, scheme: CodeScheme = DEFAULT_SCHEME, names: Mapping[str, str] | None = None
) -> list[Explanation]:
    """What each segment of a code says.

    Parameters
    ----------
    code : str
        A code of the scheme.
    names : mapping of str to str, optional
        Names of divisions by their code of 6, 9 or 12 digits; a division that is not there stays without a name.

    Returns
    -------
    list of Explanation
        In the order of the digits. The class of a township is street (0xx), town (1xx), township (2xx-3xx) or other
        (4xx-5xx); that of a village residents' committee (0xx-1xx), villagers' committee (2xx-3xx), other (4xx-5xx),
        virtual community (498) or merged community, where the scheme has those.

    Raises
    ------
    InvalidInput
        As `parse_code`.

    Examples
    --------
    >>> [(part.digits, part.key) for part in explain_code("321283100201501")]
    [('321283', 'code.county'), ('100', 'code.township-town'),
     ('201', 'code.village-villagers'), ('501', 'code.serial-dedicated')]
    """
    parsed = parse_code(code, scheme)
    known = names or {}
    words = {
        "object_class": ("code.object-class", ""),
        "county": ("code.county", known.get(parsed.county, "")),
        "township": (f"code.township-{township_class(parsed.township)}", known.get(parsed.township_code, "")),
        "village": (f"code.village-{village_class(parsed.village, scheme)}", known.get(parsed.village_code, "")),
        "serial": (_serial_key(parsed.serial, scheme), ""),
    }
    found = []
    for segment, start, end in scheme.spans():
        key, name = words[segment.name]
        values: dict[str, object] = {"digits": code[start:end], "name": name}
        if segment.source == "serial":
            values |= {"serial": parsed.serial, "kind": scheme.kind_of(parsed.serial) or ""}
        found.append(Explanation(segment.name, code[start:end], key, values))
    return found


def township_class(part: str) -> str:
    """Class of a 3-digit township part: street, town, township, other, or unclassified (6xx-9xx, 000).

    >>> township_class("001"), township_class("100"), township_class("200"), township_class("401")
    ('street', 'town', 'township', 'other')
    """
    return "unclassified" if part == "000" else _TOWNSHIP_CLASS.get(part[:1], "unclassified")


def village_class(part: str, scheme: CodeScheme = DEFAULT_SCHEME) -> str:
    """Class of a 3-digit village part: residents, villagers, virtual, other, merged or unclassified.

    >>> village_class("003"), village_class("201"), village_class("498"), village_class("701")
    ('residents', 'villagers', 'virtual', 'unclassified')
    """
    if part == VIRTUAL_COMMUNITY:
        return "virtual"
    if scheme.merged_from is not None and int(part) >= scheme.merged_from:
        return "merged"
    return _VILLAGE_CLASS.get(part[:1], "unclassified")


def _serial_key(serial: int, scheme: CodeScheme) -> str:
    if serial == scheme.whole_village_serial:
        return "code.serial-whole-village"
    kind = scheme.kind_of(serial)
    if kind is None:
        return "code.serial-no-block"
    return f"code.serial-{kind}" if kind in _WORDED_KINDS else "code.serial-kind"
