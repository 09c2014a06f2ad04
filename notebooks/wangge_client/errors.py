"""What the service refuses, in its own words."""

from __future__ import annotations

import requests


class ServiceError(Exception):
    """What the service refused.

    Attributes
    ----------
    status : int
        HTTP status.
    code : str
        Its name for the error.
    """

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.code = code


class NeedsKey(ServiceError):
    """Only holders of a key may do this, or the key is wrong (401)."""


class Forbidden(ServiceError):
    """The key may not do this (403)."""


class NotFound(ServiceError):
    """There is no such thing (404)."""


class Unreachable(ServiceError):
    """Nobody answers at the address."""

    def __init__(self, url: str, lang: str) -> None:
        zh = f"{url} 没有应答。请确认服务已启动（./wangge up）、地址与端口无误。"
        en = f"Nobody answers at {url}. See that the service is up (./wangge up), and that address and port are right."
        super().__init__(0, "Unreachable", zh if lang.startswith("zh") else en)


class NeedsFolium(ImportError):
    """Maps are drawn by a package that the client does without otherwise."""

    def __init__(self, lang: str) -> None:
        zh = "画地图需要 folium：请执行 pip install folium。读图层、跑处理不需要它。"
        en = "Maps need folium: run pip install folium. Layers and processes do without it."
        super().__init__(zh if lang.startswith("zh") else en, name="folium")


class Cancelled(ServiceError):
    """The job was cancelled and has no result."""


_ERRORS = {401: NeedsKey, 403: Forbidden, 404: NotFound}


def error_of(answer: requests.Response) -> ServiceError:
    """The error that an answer says."""
    try:
        said = answer.json()
        code, words = str(said["code"]), str(said["description"])
    except (ValueError, KeyError):
        code, words = "Unknown", f"{answer.status_code} {answer.reason}: {answer.url}"
    return _ERRORS.get(answer.status_code, ServiceError)(answer.status_code, code, words)
