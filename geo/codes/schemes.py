"""Coding schemes of grids: which digits a code has, where they come from, and which serials each kind of grid may take.

A scheme is data. A code is a division code (county, township, village or community) and a serial inside that village;
some schemes put the digits of an object class before them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from types import MappingProxyType
from typing import Final, Literal

from geo.errors import InvalidInput

Source = Literal["class", "division", "serial"]

#: How the first numbering walks through a village, see `geo.codes.numbering.reading_order`.
#: ``rows``: bands from north to south, west to east inside each (DB11/T 2157-2023 5.4, CJ/T 349-2010 5.7).
#: ``rows-mirrored``: bands from south to north, east to west inside each (quarters, GB/T 37149-2018 7.3.2.4).
OrderRule = Literal["rows", "rows-mirrored"]

#: Widths of the statistical division code, 12 digits together.
DIVISION_WIDTHS: Final = (("county", 6), ("township", 3), ("village", 3))


@dataclass(frozen=True)
class Segment:
    """Some digits of a code: their name, their number, and whether the grid's class, division or serial gives them."""

    name: str
    width: int
    source: Source


@dataclass(frozen=True)
class Block:
    """Serials ``first`` to ``last`` (both included) for grids of one kind in a village, and the kind's object class."""

    kind: str
    first: int
    last: int
    object_class: str = ""

    def __contains__(self, serial: object) -> bool:
        return isinstance(serial, Integral) and self.first <= int(serial) <= self.last


@dataclass(frozen=True)
class CodeScheme:
    """A way to code grids.

    Parameters
    ----------
    id : str
        Kebab-case name.
    title_zh, title_en : str
        Titles for people.
    segments : tuple of Segment
        In the order of the digits; county, township and village (6 + 3 + 3 digits) stand together, the serial is last.
    blocks : tuple of Block
        Disjoint, within 1 and the greatest serial.
    order : {'rows', 'rows-mirrored'}
        How a first numbering walks.
    whole_village_serial : int or None
        Serial of a grid that is a whole village, where the scheme knows one (CJ/T 349-2010 5.7: 00); in no block.
    merged_from : int or None
        Village numbers from here on stand for merged communities (CJ/T 349-2010 5.6: 601).

    Raises
    ------
    InvalidInput
        When the parts do not fit together.
    """

    id: str
    title_zh: str
    title_en: str
    segments: tuple[Segment, ...]
    blocks: tuple[Block, ...]
    order: OrderRule = "rows"
    whole_village_serial: int | None = None
    merged_from: int | None = None

    def __post_init__(self) -> None:
        divisions = tuple((s.name, s.width) for s in self.segments if s.source == "division")
        if divisions != DIVISION_WIDTHS or not self.segments or self.segments[-1].source != "serial":
            raise InvalidInput("scheme.segments", scheme=self.id)
        greatest = 10 ** self.segments[-1].width - 1
        class_width = sum(s.width for s in self.segments if s.source == "class")
        end = 0
        for block in sorted(self.blocks, key=lambda b: b.first):
            if not end < block.first <= block.last <= greatest:
                raise InvalidInput("scheme.block", scheme=self.id, kind=block.kind, first=block.first, last=block.last,
                                   greatest=greatest)
            if len(block.object_class) != class_width or not (block.object_class or "0").isdecimal():
                raise InvalidInput("scheme.object-class", scheme=self.id, kind=block.kind, width=class_width,
                                   digits=block.object_class)
            end = block.last
        if len({b.kind for b in self.blocks}) != len(self.blocks) or not self.blocks:
            raise InvalidInput("scheme.kinds", scheme=self.id)

    @property
    def width(self) -> int:
        """Number of digits of a code."""
        return sum(segment.width for segment in self.segments)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of grid that have a block, in the order of the scheme."""
        return tuple(block.kind for block in self.blocks)

    def spans(self) -> tuple[tuple[Segment, int, int], ...]:
        """Each segment with the 0-based start and end of its digits.

        >>> [(segment.name, start, end) for segment, start, end in scheme_of("villages-15").spans()]
        [('county', 0, 6), ('township', 6, 9), ('village', 9, 12), ('serial', 12, 15)]
        """
        found, start = [], 0
        for segment in self.segments:
            found.append((segment, start, start + segment.width))
            start += segment.width
        return tuple(found)

    def block_of(self, kind: str) -> Block:
        """The block of a kind of grid; InvalidInput when the scheme has none."""
        for block in self.blocks:
            if block.kind == kind:
                return block
        raise InvalidInput("code.unknown-kind", kind=kind, kinds=", ".join(self.kinds), scheme=self.id)

    def kind_of(self, serial: int) -> str | None:
        """Kind whose block holds a serial, None when no block does.

        >>> scheme_of("villages-15").kind_of(501), scheme_of("villages-15").kind_of(500)
        ('dedicated', None)
        """
        return next((block.kind for block in self.blocks if serial in block), None)


_DIVISION = tuple(Segment(name, width, "division") for name, width in DIVISION_WIDTHS)

VILLAGES_15: Final = CodeScheme(
    id="villages-15",
    title_zh="15 位网格编码：12 位村（社区）代码 + 3 位顺序码",
    title_en="15-digit grid codes: 12-digit village code + 3-digit serial",
    segments=(*_DIVISION, Segment("serial", 3, "serial")),
    blocks=(Block("social", 1, 499), Block("dedicated", 501, 999)),
)

VILLAGES_15_D900: Final = CodeScheme(
    id="villages-15-d900",
    title_zh="15 位网格编码，专属网格用 901–999",
    title_en="15-digit grid codes, dedicated grids from 901 to 999",
    segments=VILLAGES_15.segments,
    blocks=(Block("social", 1, 899), Block("dedicated", 901, 999)),
)

#: CJ/T 349-2010 5.2-5.7. A city chooses its object classes from CJ/T 348-2010: these two are our defaults. The
#: standard knows no dedicated grids; the split of the serials at 70 is ours.
CJT349_20: Final = CodeScheme(
    id="cjt349-20",
    title_zh="20 位网格编码（CJ/T 349-2010）：6 位对象分类 + 12 位社区代码 + 2 位顺序码",
    title_en="20-digit grid codes (CJ/T 349-2010): 6-digit object class + 12-digit community code + 2-digit serial",
    segments=(Segment("object_class", 6, "class"), *_DIVISION, Segment("serial", 2, "serial")),
    blocks=(Block("social", 1, 69, "010000"), Block("dedicated", 70, 99, "020000")),
    whole_village_serial=0,
    merged_from=601,
)

SCHEMES: Final[Mapping[str, CodeScheme]] = MappingProxyType(
    {scheme.id: scheme for scheme in (VILLAGES_15, VILLAGES_15_D900, CJT349_20)}
)
DEFAULT_SCHEME: Final = VILLAGES_15


def scheme_of(scheme_id: str) -> CodeScheme:
    """The scheme with an id.

    Raises
    ------
    InvalidInput
        When there is none; the message lists those there are.
    """
    try:
        return SCHEMES[scheme_id]
    except KeyError:
        raise InvalidInput("code.unknown-scheme", scheme=scheme_id, known=", ".join(SCHEMES)) from None
