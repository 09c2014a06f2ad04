"""What came of publishing a set, as JSON."""

from __future__ import annotations

from typing import Any

from layers.changes.publish import Publication
from processes.features.finding_features import finding_features


def publication_answer(done: Publication) -> dict[str, Any]:
    """The answer of whatever publishes.

    Parameters
    ----------
    done : Publication

    Returns
    -------
    dict
        ``published``, the number of the ``publication``, the ``codes`` that grids have now by their ids in the working
        copy, the ``lineage``, the borders that were moved, and the findings; those that stand against it are named by
        their ids in ``blocking``.
    """
    return {
        "published": done.number is not None,
        "publication": done.number,
        "change_set": done.change_set,
        "codes": done.codes,
        "lineage": [
            {
                "operation": link.operation,
                "before": link.before,
                "after": None if link.after is None else done.codes.get(link.after, link.after),
                "share_of_before": link.share_of_before,
                "share_of_after": link.share_of_after,
                "area_m2": link.area_m2,
            }
            for link in (done.lineage.links if done.lineage else [])
        ],
        "moves": [move.document() for move in done.moves],
        "blocking": [finding.identity for finding in done.blocking],
        "findings": finding_features(done.findings, checked=done.edited),
    }
