"""The JSON schemas of docs/schemas/ as tables of fields."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from website.documents import DOCS, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HEAD = """# JSON schemas

Programs read these forms. Fields may be added; `version` changes when one changes its meaning or
goes.
"""


def pages() -> Iterator[tuple[str, str]]:
    """The page of all schemas."""
    parts = [_HEAD]
    for path in sorted((ROOT / DOCS / "schemas").glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        parts.append(f"## {schema['title']}\n\n[{path.name}](../schemas/{path.name})\n")
        parts += _tables(schema)
    yield "reference/schemas.md", "\n".join(parts)


def _tables(schema: Mapping[str, Any]) -> Iterator[str]:
    """A table of the fields of the whole, and one for each form that it names."""
    yield _table(schema)
    for name, form in schema.get("$defs", {}).items():
        if form.get("properties"):
            yield f"**{name}**\n\n{_table(form)}"


def _table(form: Mapping[str, Any]) -> str:
    required = form.get("required", ())
    rows = (
        f"| `{name}` | {_kind(field)} | {'yes' if name in required else ''} "
        f"| {field.get('description', '').replace('|', '&#124;')} |\n"
        for name, field in form.get("properties", {}).items()
    )
    return "| field | form | always there | meaning |\n|---|---|---|---|\n" + "".join(rows)


def _kind(field: Mapping[str, Any]) -> str:
    """The form of a value in words."""
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if "enum" in field:
        return ", ".join(f"`{json.dumps(value)}`" for value in field["enum"])
    for word in ("oneOf", "anyOf"):
        if word in field:
            return " or ".join(map(_kind, field[word]))
    kind = field.get("type", "object" if "properties" in field else "any")
    words = kind if isinstance(kind, str) else " or ".join(kind)
    return f"{words} of {_kind(field['items'])}" if "items" in field else words
