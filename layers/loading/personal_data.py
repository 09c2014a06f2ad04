"""What in a text looks like a person: a mobile number, a citizen's identity number, a number plate.

No column is there for them, so they can only come in inside a text field, and are refused there.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final

_MOBILE: Final = re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d(?:\d{8}|[ -]\d{4}[ -]\d{4})(?!\d)")
_IDENTITY: Final = re.compile(r"(?<!\d)[1-9]\d{16}[\dXx](?![\dA-Za-z])")
_PLATE: Final = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][ ·.-]?"
    r"(?=[A-HJ-NP-Z0-9]{0,5}\d)[A-HJ-NP-Z0-9]{5,6}(?![A-Za-z0-9])"
)
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
# A number of a case may hold the county and the day, as an identity number holds the county and the birthday.
_LAST_BIRTH_YEAR_IN_NUMBERS: Final = 2009


def personal_data(text: str, *, is_number: bool = False) -> str | None:
    """What kind of personal data a text holds.

    Parameters
    ----------
    text : str
        A value of a text field.
    is_number : bool
        The field holds numbers of its own, such as a case's: then an identity number is one only with the check digit
        of GB 11643 and the birthday of one who is not a child: a case's number may hold a county and a day as well.

    Returns
    -------
    str or None
        ``"mobile"``, ``"identity"``, ``"plate"``, or None.

    Examples
    --------
    >>> personal_data("联系人 138-1234-5678"), personal_data("321283001001001"), personal_data("32128300001310000001")
    ('mobile', None, None)
    >>> personal_data("11010519491231002X")
    'identity'
    """
    if len(text) < 7:
        return None
    plain = unicodedata.normalize("NFKC", text) if not text.isascii() else text
    for found in _IDENTITY.finditer(plain):
        digits = found.group()
        born = _birthday(digits)
        if born and (not is_number or (born.year <= _LAST_BIRTH_YEAR_IN_NUMBERS and _checks(digits))):
            return "identity"
    if _MOBILE.search(plain):
        return "mobile"
    if _PLATE.search(plain):
        return "plate"
    return None


_NAMES: Final = (
    ("name", r"姓名|名字|联系人|投诉人|举报人|报案人|来电人|反映人|当事人|诉求人|申请人|上报人|采集员|责任人|户主|业主"
     r"|(caller|reporter|complainant|contact|citizen|person|resident|owner|applicant)(s?name)?\Z"
     r"|(full|first|last|user|real)name|xingming|xm\Z|lxr"),
    ("phone", r"电话|手机|联系方式|来电号码|phone|mobile|telephone|\Atel|dianhua|shouji|lxdh|sjh\Z"),
    ("identity", r"身份证|证件号|公民身份|id(entity)?card|idno|idnumber|identity|passport|护照|sfz"),
    ("plate", r"车牌|号牌|plate|license|licence|cphm?\Z"),
    ("address", r"住址|家庭地址|户籍|门牌|homeaddress|residence|\Aaddress\Z|\Adizhi\Z|详细地址"),
    ("picture", r"照片|头像|人脸|photo|portrait|face"),
)  # fmt: skip
_FIELDS: Final = tuple((kind, re.compile(pattern)) for kind, pattern in _NAMES)


def personal_field(name: str) -> str | None:
    """What kind of personal data a field's name announces: ``"name"``, ``"phone"``, ``"identity"``, ``"plate"``,
    ``"address"``, ``"picture"``, or None.

    >>> [personal_field(name) for name in ("投诉人姓名", "Caller Name", "contact_phone", "channel", "网格名称")]
    ['name', 'name', 'phone', None, None]
    """
    folded = re.sub(r"[\s_'’.-]", "", unicodedata.normalize("NFKC", name)).casefold()
    return next((kind for kind, pattern in _FIELDS if pattern.search(folded)), None)


def masked(text: str) -> str:
    """The text with the digits in the middle of each long number struck out, so that a list of errors is no leak.

    >>> masked("联系人13812345678")
    '联系人138****5678'
    """
    plain = _PLATE.sub(lambda found: f"{found.group()[:2]}****", unicodedata.normalize("NFKC", text))
    return re.sub(r"(\d[\d -]{6,}[\dXx])", lambda found: _strike(found.group()), plain)


def _strike(number: str) -> str:
    return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"


def _birthday(digits: str) -> date | None:
    try:
        born = date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return None
    return born if 1900 <= born.year <= 2099 else None


def _checks(digits: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == digits[-1].upper()
