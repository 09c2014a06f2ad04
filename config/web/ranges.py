"""Parts of a body by the header Range, as readers of Cloud-Optimised GeoTIFF ask for them."""

from __future__ import annotations

import re
from typing import Final

from config.web.http import Answer, Request

PARTIAL: Final = 206
UNSATISFIABLE: Final = 416
_ONE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)


def part_of(request: Request, answer: Answer, etag: str) -> Answer:
    """The part that a request wants of an answer, or all of it.

    Parameters
    ----------
    request : Request
        Its Range and If-Range are looked at. A range of another unit, several ranges, or one of an older
        representation get the whole, as RFC 9110 lets a server do.
    answer : Answer
        The whole, status 200.
    etag : str
        Of the whole, quoted and strong.

    Returns
    -------
    Answer
        206 with Content-Range, 416 where nothing of the range is there, or the whole.

    References
    ----------
    RFC 9110, HTTP Semantics, section 14.
    """
    answer.headers.append(("Accept-Ranges", "bytes"))
    asked = _ONE.fullmatch(request.header("Range"))
    unchanged = request.header("If-Range").strip() in ("", etag)
    if asked is None or not any(asked.groups()) or not unchanged or request.method != "GET":
        return answer
    length = len(answer.body)
    first, last = asked.groups()
    if first:
        start, end = int(first), min(int(last), length - 1) if last else length - 1
        if last and int(last) < int(first):
            return answer  # not a range at all
    else:
        start, end = max(length - int(last), 0), length - 1
    if start >= length or start > end:
        headers = [*answer.headers, ("Content-Range", f"bytes */{length}")]
        return Answer(b"", "", UNSATISFIABLE, headers)
    headers = [*answer.headers, ("Content-Range", f"bytes {start}-{end}/{length}")]
    return Answer(answer.body[start : end + 1], answer.media_type, PARTIAL, headers)
