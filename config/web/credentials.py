"""The key that a request brings: in a header of its own, or where clients put passwords."""

from __future__ import annotations

import base64
import binascii

from config.web.http import Request


def sent_key(request: Request) -> str | None:
    """Key by the header X-API-Key, the password of Basic, or as a bearer's; None where none was sent.

    What can't be read as a key is the empty one, which nobody holds.
    """
    key: str | None = request.environ.get("HTTP_X_API_KEY")
    if key is not None:
        return key
    sent = request.environ.get("HTTP_AUTHORIZATION", "")
    if not sent:
        return None
    scheme, _, token = sent.partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(token.strip(), validate=True).decode("utf-8").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return token.strip() if scheme.lower() == "bearer" else ""
