"""Errors as answers: what was wrong, in the reader's language, in the form that their program shows."""

from __future__ import annotations

import logging
import secrets
from typing import Any, cast
from xml.sax.saxutils import escape, quoteattr

import orjson
import psycopg2

from config.pages.templating import render
from config.web.http import STATUS, Answer, Request, wants_json
from geo.errors import Conflict, Forbidden, InvalidInput, NeedsKey, NotFound, Unsound, WanggeError
from layers.texts import say
from processes.features.finding_features import finding_features

Reason = tuple[int, str, str, str, dict[str, object]]
"""Position of a feature that was sent, field, value, and the key and values of the text that says why."""

LOGGER = logging.getLogger("wangge")

_STATUSES: dict[type[WanggeError], tuple[int, str]] = {
    InvalidInput: (400, "InvalidParameterValue"),
    NeedsKey: (401, "NotAuthenticated"),
    Forbidden: (403, "NotAuthorized"),
    NotFound: (404, "NotFound"),
    Conflict: (409, "Conflict"),
    Unsound: (422, "Unsound"),
}
"""HTTP status and OGC code of each class of error; the one place that knows both."""

_OWN_STATUS = {
    "database.busy": (503, "ServiceBusy"),
    "app.method": (405, "MethodNotAllowed"),
    "app.large-body": (413, "ContentTooLarge"),
    "app.media-type": (415, "UnsupportedMediaType"),
    "edit.changed": (412, "PreconditionFailed"),
    "job.too-many-open": (429, "TooManyRequests"),
    # what stands at the results of a job that failed through no fault of its inputs
    "job.crashed": (500, "JobFailed"),
    "job.internal": (500, "InternalError"),
    "job.large-result": (500, "JobFailed"),
    "job.too-long": (500, "JobFailed"),
}
"""Errors for which HTTP has a status of its own, by their text's key."""

_TYPES = {
    "app.process": "no-such-process",
    "job.unknown": "no-such-job",
    "job.not-ready": "result-not-ready",
    "job.no-result": "no-such-job",
}
"""Errors that OGC API - Processes has a type for, by their text's key."""
_TYPE = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"


def refuse(request: Request, error: BaseException, base_url: str) -> Answer:
    """The answer to a request that failed.

    Parameters
    ----------
    request : Request
        Says the language, and whether QGIS asks.
    error : BaseException
        One of ours says what the caller can do; of any other the caller learns a reference to the log.
    base_url : str
        Address that links of a page begin with.
    """
    if isinstance(error, WanggeError):
        status, code = next(
            (found for kind, found in _STATUSES.items() if isinstance(error, kind)), (400, "InvalidParameterValue")
        )
        status, code = _OWN_STATUS.get(error.key, (status, code))
        type_ = _TYPE + _TYPES[error.key] if error.key in _TYPES else code
        text = say(error.key, request.language, **error.values)
    else:
        reference = secrets.token_hex(4)
        LOGGER.error("reference %s: %s %s", reference, request.method, request.path, exc_info=error)
        away = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
        status, code = (503, "DatabaseAway") if away else (500, "InternalError")
        text = say("app.database-away" if away else "app.internal", request.language, reference=reference)
        type_ = code
    headers = [("Cache-Control", "no-store"), ("Content-Language", request.language)]
    if status == 401:
        headers.append(("WWW-Authenticate", 'Basic realm="wangge", charset="UTF-8"'))
    if status == 405 and isinstance(error, WanggeError):
        headers.append(("Allow", str(error.values["allowed"])))
    if status in (429, 503):
        headers.append(("Retry-After", "2" if status == 503 else "10"))
    if request.from_qgis:
        return Answer(_xml(code, text), "application/xml; charset=utf-8", status, headers)
    if _page_wanted(request):
        page = render("exception.html", {"type": code, "code": code, "description": text}, request.language, base_url)
        return Answer(page.encode(), "text/html; charset=utf-8", status, headers)
    body: dict[str, Any] = {
        "type": type_,
        "title": STATUS[status][4:],
        "status": status,
        "code": code,
        "description": text,
        "detail": text,
    }
    if isinstance(error, WanggeError) and "reasons" in error.values:
        body["reasons"] = [
            {"position": at + 1, "field": name, "value": value, "reason": say(key, request.language, **values)}
            for at, name, value, key, values in cast(list[Reason], error.values["reasons"])
        ]
    if isinstance(error, Unsound):
        body["findings"] = finding_features(error.findings, error.checked)
    return Answer(orjson.dumps(body), "application/json", status, headers)


def _page_wanted(request: Request) -> bool:
    """Whether a person reads the answer: a program that asks for CSV, or for a format that there is not, does not."""
    accept, format_ = request.header("Accept"), request.params.get("f")
    if format_ in ("html", "json", "geojson"):
        return format_ == "html"
    return "html" in accept and not wants_json(accept, None)


def _xml(code: str, text: str) -> bytes:
    # XML can't hold most control characters, not even escaped
    text = "".join(character if character.isprintable() else " " for character in text)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ExceptionReport xmlns="http://www.opengis.net/ows/1.1" version="1.0.0">'
        f"<Exception exceptionCode={quoteattr(code)}><ExceptionText>{escape(text)}</ExceptionText></Exception>"
        "</ExceptionReport>"
    ).encode()
