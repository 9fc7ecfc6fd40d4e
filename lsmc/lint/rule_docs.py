"""The page of every code: what it finds, why that is bad, examples, how sure it is, how to fix it.

The page of a check is the docstring of its file, in the form that CONTRIBUTING.md describes.  The
pages of the errors, which no check finds, come from the security module.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lsmc.lint.model import BUILTIN, Check, Lint, elsewhere

#: What a page says, in order; the words that begin each part.
PARTS = ("What it does", "Why is this bad", "How sure", "How to fix")
_BLOCK = re.compile(r"^```(?:apparmor|cil|smack|tomoyo|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"^(Bad|Bad, refused|Good):$", re.MULTILINE)
_FILE = re.compile(r"^# file: (\S+)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class DocumentedExample:
    """One block of a page: its files by name, and whether the code is found in it."""

    found: bool
    refused: bool
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """The page of a code; `summary` is its first line, `text` all below it."""

    code: str
    name: str
    severity: str
    default: bool
    summary: str
    text: str
    confidence: str = "high"

    def part(self, name: str) -> str:
        """A section of the page by its first words, on one line; empty when it is missing."""
        match = re.search(rf"^{name}:\s+(.+?)(?:\n\n|\Z)", self.text, re.MULTILINE | re.DOTALL)
        return " ".join(match[1].split()) if match else ""

    @property
    def head(self) -> str:
        """Code, name, severity, and confidence where it is not high."""
        sure = "" if self.confidence == "high" else f", {self.confidence} confidence"
        off = "" if self.default else ", only when selected"
        return f"{self.code} {self.name} ({self.severity}{sure}{off})"

    @property
    def plain(self) -> str:
        """The page as text."""
        return f"{self.head}\n\n{self.summary}\n\n{self.text}\n"

    @property
    def markdown(self) -> str:
        """The page in Markdown, for documents and SARIF."""
        text = re.sub(rf"^({'|'.join(PARTS)}):", r"**\1:**", self.text, flags=re.MULTILINE)
        text = re.sub(
            r"^(Bad, refused|Bad|Good|Settings, with their defaults):$",
            r"**\1:**",
            text,
            flags=re.MULTILINE,
        )
        return f"{self.summary}\n\n{text}\n"

    def examples(self) -> Iterator[DocumentedExample]:
        """The blocks of the page, in order."""
        for block in _BLOCK.finditer(self.text):
            titles = _TITLE.findall(self.text, 0, block.start())
            title = titles[-1] if titles else ""
            yield DocumentedExample(title != "Good", title == "Bad, refused", _files(block[1]))


def _files(text: str) -> dict[str, str]:
    """The files of a block by name."""
    first, *rest = _FILE.split(text)
    files = dict(zip(rest[::2], rest[1::2], strict=True))
    return {"example": first, **files} if first.strip() else files


def pages(lint: Lint[Any]) -> dict[str, Page]:
    """Every page by code, in order."""
    own = {code: _page(check) for code, check in lint.checks.items()}
    return dict(sorted({**lint.error_pages(), **own}.items()))


def _page(check: Check[Any]) -> Page:
    text = (sys.modules[_module(check)].__doc__ or "").strip()
    summary, _, rest = text.partition("\n\n")
    summary = " ".join(summary.split())
    if check.table:
        rest = f"{rest.rstrip()}\n\n{_settings(check)}"
    return Page(
        code=check.code,
        name=check.name,
        severity=check.severity,
        default=check.default,
        summary=summary,
        text=rest,
        confidence=check.confidence,
    )


def _settings(check: Check[Any]) -> str:
    """The table of settings that a check takes, with their defaults."""
    rows = "\n".join(f"{key} = {_toml(value)}" for key, value in check.table.items())
    return f"Settings, with their defaults:\n\n```toml\n[checks.{check.name}]\n{rows}\n```"


def _toml(value: Any) -> str:
    """A value as TOML, which equals JSON except for tables and null."""
    if isinstance(value, Mapping):
        rows = ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items())
        return f"{{ {rows} }}" if rows else "{}"
    if isinstance(value, (list, tuple, set, frozenset)):
        values = sorted(value) if isinstance(value, (set, frozenset)) else value
        return f"[{', '.join(_toml(one) for one in values)}]"
    return json.dumps(value, ensure_ascii=False)


def _module(check: Check[Any]) -> str:
    """The name of the check's file."""
    if check.run is elsewhere:
        return f"{BUILTIN}.{check.name.replace('-', '_')}"
    return check.run.__module__
