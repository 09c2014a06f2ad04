"""The header Prefer of RFC 7240, as far as processes know it."""

from __future__ import annotations

import re

# a comma inside of a quoted word doesn't part two preferences
_PREFERENCE = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
_KNOWN = ("respond-async", "wait")


def execution_preference(header: str) -> str | None:
    """How a process is to be run.

    Parameters
    ----------
    header : str
        Value of ``Prefer``; several headers come as one, parted by commas.

    Returns
    -------
    str or None
        ``respond-async`` wherever it stands, else ``wait``, else None. A client that names both has said that it can
        deal with a job, and a job answers at once.

    Examples
    --------
    >>> execution_preference("wait=10, respond-async; x=1"), execution_preference('handling="a, respond-async"')
    ('respond-async', None)
    """
    sent = {re.split(r"[;=]", part, maxsplit=1)[0].strip().lower() for part in _PREFERENCE.findall(header)}
    return next((known for known in _KNOWN if known in sent), None)
