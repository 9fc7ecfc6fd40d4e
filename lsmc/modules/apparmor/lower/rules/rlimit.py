"""Resource limits (apparmor.d(5), "rlimit rules"; setrlimit(2))."""

from __future__ import annotations

import re

from lsmc.modules.apparmor.errors import did_you_mean
from lsmc.modules.apparmor.names import RESOURCES
from lsmc.modules.apparmor.resolve.refused import Refused, refusal
from lsmc.modules.apparmor.syntax import ast

_SIZES = ("fsize", "data", "stack", "core", "rss", "memlock", "as", "msgqueue")
_SIZE_UNITS = {
    unit[:n]: 1 << shift for unit, shift in (("KB", 10), ("MB", 20), ("GB", 30)) for n in (1, 2)
}
#: Microseconds in each unit of time.
_TIME_UNITS = {
    name: micro
    for names, micro in (
        ("us microsecond microseconds", 1),
        ("ms millisecond milliseconds", 1_000),
        ("s sec second seconds", 1_000_000),
        ("min minute minutes", 60_000_000),
        ("h hour hours", 3_600_000_000),
        ("d day days", 86_400_000_000),
        ("week weeks", 604_800_000_000),
    )
    for name in names.split()
}
_NUMBER = re.compile(r"(-?)(\d+)\Z")
_INFINITY = (1 << 64) - 1


def lower_rlimit(rule: ast.Rlimit) -> tuple[str, int | None]:
    """The resource and its value, None for infinity; raises `Refused`."""
    name = "nofile" if rule.name.text == "ofile" else rule.name.text
    if name not in RESOURCES:
        raise refusal(
            "bad-rlimit",
            rule.name.span,
            f"unknown resource `{rule.name.text}`",
            did_you_mean(rule.name.text, RESOURCES) or "known: " + " ".join(RESOURCES),
        )
    if rule.value.text == "infinity":
        if rule.unit is not None:
            raise _bad(rule, rule.unit, "`infinity` takes no unit")
        return name, None
    match = _NUMBER.match(rule.value.text)
    if match is None:
        raise _bad(rule, rule.value, f"`{rule.value.text}` is not a number")
    sign, digits = match.groups()
    if digits.startswith("0") and not re.fullmatch("[0-7]+", digits):
        raise _bad(rule, rule.value, f"`{digits}` starts with 0 and is not an octal number")
    value = int(digits, 8 if digits.startswith("0") else 10)
    unit = rule.unit.text if rule.unit is not None else ""
    if sign and name != "nice":
        raise _bad(rule, rule.value, "a limit cannot be negative")
    if name in ("cpu", "rttime"):
        value = _time(rule, name, value, unit)
    elif name in _SIZES:
        value *= _factor(rule, unit, _SIZE_UNITS, "K, KB, M, MB, G, GB") if unit else 1
    elif unit:
        raise _bad(rule, rule.unit, f"`{name}` takes no unit")
    if name == "nice":
        value = -value if sign else value
        if not -20 <= value <= 19:
            raise _bad(rule, rule.value, "nice goes from -20 to 19")
        value += 20
    if value > _INFINITY:
        raise _bad(rule, rule.value, f"`{rule.value.text}` is too large")
    return name, None if value == _INFINITY else value


def _time(rule: ast.Rlimit, name: str, value: int, unit: str) -> int:
    default = "s" if name == "cpu" else "us"
    micro = value * _factor(rule, unit or default, _TIME_UNITS, "us ms s min h d week")
    if name == "rttime":
        return micro
    if micro < 1_000_000:
        raise _bad(rule, rule.value, "a cpu limit is at least one second")
    return micro // 1_000_000


def _factor(rule: ast.Rlimit, unit: str, units: dict[str, int], known: str) -> int:
    if unit not in units:
        raise _bad(rule, rule.unit, f"unknown unit `{unit}`", f"known: {known}")
    return units[unit]


def _bad(rule: ast.Rlimit, word: ast.Word | None, message: str, help: str = "") -> Refused:
    return refusal("bad-rlimit", (word or rule.value).span, message, help)
