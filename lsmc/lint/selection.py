"""Selects checks by code (`LSM101`), prefix of codes (`LSM1`), name or `ALL`."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Mapping
from typing import Any

from lsmc.base.errors import did_you_mean
from lsmc.lint.model import Check, SettingError

_CODE = re.compile(r"LSM[0-9]{0,3}")


class Selection:
    """The words that turn checks on and off; the longer prefix wins, and of equals the off."""

    def __init__(
        self,
        known: Mapping[str, str],
        errors: Collection[str],
        *,
        select: Iterable[str] | None = None,
        extend: Iterable[str] = (),
        ignore: Iterable[str] = (),
        where: str = "",
    ) -> None:
        """`known` are all codes with their names, `errors` those that no option hides."""
        self._known = known
        self._where = where
        self._select = None if select is None else self._codes(select, "select")
        self._extend = self._codes(extend, "extend-select")
        self._ignore = self._codes(ignore, "ignore")
        for word, code in zip(ignore, self._ignore, strict=True):
            if is_refused(code, known, errors):
                raise SettingError(
                    f"{where}ignore: `{word}`: what the compiler refuses cannot be ignored"
                )

    def _codes(self, words: Iterable[str], key: str) -> tuple[str, ...]:
        return tuple(code_of(word, self._known, f"{self._where}{key}: ") for word in words)

    def takes(self, check: Check[Any]) -> bool:
        """Whether a check is selected."""
        if self._select is None:
            wanted = max(0 if check.default else -1, _weight(check.code, self._extend))
        else:
            wanted = _weight(check.code, (*self._select, *self._extend))
        return wanted >= 0 and wanted > _weight(check.code, self._ignore)


def _weight(code: str, prefixes: Iterable[str]) -> int:
    """The length of the longest of some prefixes that a code has, -1 for none."""
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)


def code_of(word: str, known: Mapping[str, str], where: str = "") -> str:
    """The code, or prefix of codes, that a word means; `known` maps codes to names."""
    if word.upper() == "ALL":
        return "LSM"
    code = word.upper()
    if _CODE.fullmatch(code) and any(one.startswith(code) for one in known):
        return code
    by_name = {name: code for code, name in known.items()}
    if word in by_name:
        return by_name[word]
    raise SettingError(f"{where}no check `{word}`{close(word, (*known, *by_name))}")


def is_refused(code: str, known: Iterable[str], errors: Container[str]) -> bool:
    """Whether all known codes that a prefix begins are errors of the compiler."""
    return all(one in errors for one in known if one.startswith(code))


def close(word: str, known: Iterable[str]) -> str:
    """A hint at the code that may have been meant."""
    question = did_you_mean(word, known, most=1)
    return f"; {question}" if question else ""
