"""Errors that a person can act on.

Every error carries the key of a text and its values instead of a sentence, so that the rim (HTTP or terminal) can say
it in the reader's language. One class stands for each thing a caller can get wrong; only the rim knows HTTP statuses
and exit codes.
"""

from __future__ import annotations

from collections.abc import Sequence

from geo.finding import Finding


class WanggeError(Exception):
    """Base of all errors that are meant for the caller.

    Parameters
    ----------
    key : str
        Key of a text in ``layers/texts``; it says what was wrong, where, and what to do.
    **values : object
        What the text's placeholders take.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key, values)
        self.key = key
        self.values = values

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{self.key}({shown})"


class InvalidInput(WanggeError):
    """What was given can't be taken: HTTP 400, exit 2."""


class NotFound(WanggeError):
    """There is no such thing, or none that the asker may see: HTTP 404, exit 2."""


class NeedsKey(WanggeError):
    """Only holders of a key may do this: HTTP 401, exit 2."""


class Forbidden(WanggeError):
    """The key that was given may not do this: HTTP 403, exit 2."""


class Unsound(WanggeError):
    """What was given can be read and would spoil what it is put into: HTTP 422, exit 2.

    Parameters
    ----------
    key, **values
        As of every error.
    findings : sequence of Finding
        What is wrong, and where.
    checked : int
        How many features were looked at.
    """

    def __init__(self, key: str, findings: Sequence[Finding], checked: int, **values: object) -> None:
        super().__init__(key, **values)
        self.findings, self.checked = list(findings), checked


class Conflict(WanggeError):
    """What is there already stands against it: HTTP 409, exit 2."""
