"""Whose sight the representations of a layer hang on: what two identities may share when they see the same rows."""

from __future__ import annotations

from layers.catalogue.changes import SET_PARAMETER
from layers.catalogue.layer import Layer
from layers.identity import current


def sight_of(layer: Layer) -> str:
    """Part of every key under which something of the layer is kept, and of every ETag.

    Everybody sees the same of a layer without a row rule; of the others, those of one scope; and of a layer that shows
    a change set, one key its own current set or the one that it names.
    """
    if layer.row_rule == "true":
        return "all"
    asker = current()
    if SET_PARAMETER in layer.parameters:
        return f"{asker.scope}-{asker.key or 0}-{asker.change_set or 0}"
    return asker.scope
