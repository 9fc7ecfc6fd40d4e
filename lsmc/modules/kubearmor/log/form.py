"""How KubeArmor's alerts are found in a log."""

from __future__ import annotations

from lsmc.logs.record import LogFormat
from lsmc.modules.kubearmor.log.parse import SIGN, read_message
from lsmc.modules.kubearmor.log.record import Record

_SIGN = SIGN.encode()


def worth_reading(line: bytes) -> bool:
    """Whether a line may hold a record."""
    return _SIGN in line


def speaks(text: str) -> bool:
    """Whether a line is an alert: JSON without a journal's fields is no transport's."""
    return SIGN in text


FORMAT = LogFormat(
    marks=(_SIGN,),
    worth_reading=worth_reading,
    speaks=speaks,
    read=read_message,
    nothing=Record(),
    sign=b"\0",  # an alert has no header of an audit record
    own={},
)
