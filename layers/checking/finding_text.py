"""What a finding says, in both languages."""

from __future__ import annotations

from geo.finding import Finding
from layers.texts import say, texts


def message(finding: Finding, language: str) -> str:
    """The sentence of a finding.

    Parameters
    ----------
    finding : Finding
        Its numbers are put into the text ``finding.<kind>``; a placement, some reasons of an invalid geometry
        and grids that leave the net below them have a sentence of their own.
    language : str
        ``"zh"`` or ``"en"``.
    """
    values = finding.text_values()
    reason = f"reason.{values.get('reason')}"
    if reason in texts():
        values["reason"] = say(reason, language)
    return say(_key(finding), language, **values)


def _key(finding: Finding) -> str:
    own = f"finding.{finding.kind}"
    if finding.kind == "placement":
        return "placement.projected" if "largest" in finding.values else f"placement.{finding.values['placement']}"
    if finding.values.get("net"):
        return f"{own}.net"
    if finding.kind == "invalid" and f"{own}.{finding.values.get('reason')}" in texts():
        return f"{own}.{finding.values['reason']}"
    return own
