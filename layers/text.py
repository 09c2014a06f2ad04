"""A text in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass

LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class Text:
    """The same words in both languages of the service.

    Attributes
    ----------
    zh, en : str
        The words; ``zh`` is simplified Chinese.
    """

    zh: str
    en: str

    def in_(self, language: str) -> str:
        """Words in ``language``; whatever is not ``"zh"`` reads English."""
        return self.zh if language == "zh" else self.en

    def both(self) -> dict[str, str]:
        """Mapping of language to words, as pygeoapi's configuration takes it."""
        return {"zh": self.zh, "en": self.en}
