"""Writes the tables of AppArmor's grammar, which stand beside it, anew.

python scripts/grammar_tables.py
"""

from __future__ import annotations

import json
from pathlib import Path

from lsmc.modules.apparmor.syntax.grammar import TABLES, digest, folder, grammar_text
from lsmc.modules.apparmor.syntax.lalr import make_tables


def rendered() -> str:
    """The tables as JSON, one production or state a line."""
    text = grammar_text()
    parts = [f'"grammar": "{digest(text)}"']
    for name, rows in make_tables(text)._asdict().items():
        lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
        parts.append(f'"{name}": [\n{lines}\n]')
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    Path(folder(), TABLES).write_text(rendered(), encoding="utf-8")
