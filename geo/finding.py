"""What a check found: its kind, the objects it concerns, where, and how large.

A finding holds numbers, never sentences: the sentence is ``finding.<kind>`` in ``layers/texts/findings.toml``,
rendered with `Finding.text_values`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from shapely.geometry.base import BaseGeometry

Severity = Literal["error", "warning", "note"]

#: What the geometry of a layer can be found guilty of.
GEOMETRY_KINDS: Final = (
    "invalid",
    "duplicate",
    "overlap",
    "gap",
    "mismatched-edge",
    "multipart",
    "outside-parent",
    "size",
    "population",
    "placement",
)
#: What the code of a grid can be found guilty of.
CODE_KINDS: Final = (
    "code-format",
    "code-division",
    "code-duplicate",
    "code-missing",
    "code-reused",
    "code-village",
    "code-block",
    "code-hole",
    "code-order",
)
#: What else a grid can lack.
ATTRIBUTE_KINDS: Final = ("attribute-missing",)
#: What nobody has looked at yet.
PENDING_KINDS: Final = ("unchecked",)
KINDS: Final = GEOMETRY_KINDS + CODE_KINDS + ATTRIBUTE_KINDS + PENDING_KINDS

#: The worst first: the order in which findings are listed.
SEVERITY_ORDER: Final[Mapping[str, int]] = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True)
class Finding:
    """One thing that a check found.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    severity : {'error', 'warning', 'note'}
        An error keeps a change from being published, a warning does not, a note is only told.
    ids : tuple of str
        The features concerned.
    geometry : shapely geometry or None
        Where, in the CRS of the check's input.
    values : mapping
        Numbers and codes for the message.
    area_m2, width_m : float or None
        Its size; the width of an overlap or gap is that of the widest circle inside it.
    sliver : bool
        Narrower than the tolerance: a digitising fault rather than a dispute.
    place : str
        Tells apart the findings of one kind on the same ids (the parts of an overlap, gaps with the same
        neighbours). Part of the identity, so it must be the same in the next run.
    """

    kind: str
    severity: Severity
    ids: tuple[str, ...] = ()
    geometry: BaseGeometry | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    area_m2: float | None = None
    width_m: float | None = None
    sliver: bool = False
    place: str = ""

    @property
    def identity(self) -> str:
        """A short name that is the same in the next run: 16 hexadecimal digits of kind, ids and place.

        The order of `ids` does not matter, and neither does the exact size, so that a decision on a finding
        ("accepted, the river runs there") outlives a small shift of the border.

        >>> Finding("overlap", "error", ("a", "b")).identity == Finding("overlap", "note", ("b", "a")).identity
        True
        """
        text = "\x1f".join((self.kind, *sorted(self.ids), "\x1e", self.place))
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def text_values(self) -> dict[str, Any]:
        """Values for the message: those of the check, and ids, area_m2, width_m (0.0 where not measured)."""
        return {
            "code": self.ids[0] if self.ids else "",
            **self.values,
            "ids": ", ".join(self.ids),
            "area_m2": self.area_m2 if self.area_m2 is not None else 0.0,
            "width_m": self.width_m if self.width_m is not None else 0.0,
        }


def sorted_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Worst first, then by kind, larger first, then by ids: an order that the input's order does not change."""
    return sorted(
        findings,
        key=lambda f: (SEVERITY_ORDER[f.severity], f.kind, -(f.area_m2 or 0.0), f.ids, f.place),
    )
