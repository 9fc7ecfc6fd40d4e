"""Styled lines on a terminal: coloured, and folded to its width under their own indentation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from lsmc.output.styled import Line

_STYLES = {
    "": "",
    "bad": "bold red",
    "good": "bold green",
    "warn": "yellow",
    "head": "bold",
    "where": "cyan",
    "code": "bold",
    "dim": "dim",
    "mark": "bold red",
}


def render(lines: Iterable[Line], stream: TextIO) -> None:
    """Write styled lines to a terminal."""
    console = Console(file=stream, force_terminal=True, highlight=False, markup=False)
    for pieces in lines:
        text = Text()
        for piece, role in pieces:
            text.append(piece, _STYLES[role])
        bare = text.plain.lstrip(" ")
        indent = len(text.plain) - len(bare)
        if not bare or len(text.plain) <= console.width:
            console.print(text, soft_wrap=True)
            continue
        body = text[indent:]
        body.overflow = "fold"
        console.print(Padding(body, (0, 0, 0, indent), expand=False))
