"""The Python API: the names of `lsmc.__all__` with their signatures and docstrings.

A public name without a docstring ends the build.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import lsmc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WIDTH = 88
_ARGS = re.compile(r"^(Args|Attributes):\n(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r"^    (\w+): ((?:.+\n?)(?:      +.+\n?)*)", re.MULTILINE)


def pages() -> Iterator[tuple[str, str]]:
    """The page of the whole API."""
    names = [name for name in lsmc.__all__ if not name.startswith("_")]
    objects = {name: getattr(lsmc, name) for name in names}
    parts = [f"# Python\n\n{_prose(_doc(lsmc, 'lsmc'))}\n"]
    groups = {
        "Functions": [n for n, one in objects.items() if not inspect.isclass(one)],
        "Classes": [n for n, one in objects.items() if inspect.isclass(one) and not _raised(one)],
        "Exceptions": [n for n, one in objects.items() if inspect.isclass(one) and _raised(one)],
    }
    for title, group in groups.items():
        parts.append(f"## {title}\n")
        parts += (_entry(name, objects[name]) for name in group)
    yield "reference/python.md", "\n".join(parts)


def _raised(kind: type) -> bool:
    return issubclass(kind, BaseException)


def _doc(thing: Any, name: str) -> str:
    text = inspect.getdoc(thing)
    if not text:
        raise SystemExit(f"website: {name} is public and has no docstring")
    return text


def _entry(name: str, thing: Any) -> str:
    """A function, or a class with its fields and methods."""
    if not inspect.isclass(thing):
        return f"### {name}\n\n{_code(f'lsmc.{name}', thing)}{_prose(_doc(thing, name))}\n"
    parts = [f"### {name}\n", _prose(_doc(thing, name)), ""]
    fields = _fields(thing)
    if fields:
        parts += ["| field | type |\n|---|---|"]
        parts += [f"| `{field}` | `{kind.replace('|', '&#124;')}` |" for field, kind in fields]
        parts.append("")
    for method, member in vars(thing).items():
        if method.startswith("_"):
            continue
        function = member.__func__ if isinstance(member, (classmethod, staticmethod)) else member
        where = f"{name}.{method}"
        if inspect.isfunction(function):
            parts.append(
                f"#### {where}\n\n{_code(where, function)}{_prose(_doc(function, where))}\n"
            )
        elif isinstance(member, property):
            parts.append(f"#### {where}\n\n{_prose(_doc(member, where))}\n")
    return "\n".join(parts)


def _fields(kind: type) -> list[tuple[str, str]]:
    """The public fields of a dataclass or a named tuple."""
    names = getattr(kind, "__dataclass_fields__", None) or getattr(kind, "_fields", ())
    annotations = inspect.get_annotations(kind)
    return [
        (name, inspect.formatannotation(annotations[name]).strip("'"))
        for name in names
        if not name.startswith("_") and name in annotations
    ]


def _code(name: str, function: Callable[..., Any]) -> str:
    """The call, a parameter a line where it is long."""
    signature = inspect.signature(function)
    words = [
        str(parameter).replace("'", "")
        for parameter in signature.parameters.values()
        if parameter.name != "self"
    ]
    kinds = [p.kind for p in signature.parameters.values() if p.name != "self"]
    if inspect.Parameter.KEYWORD_ONLY in kinds and inspect.Parameter.VAR_POSITIONAL not in kinds:
        words.insert(kinds.index(inspect.Parameter.KEYWORD_ONLY), "*")
    result = signature.return_annotation
    arrow = "" if result is inspect.Signature.empty else f" -> {str(result).strip(chr(39))}"
    line = f"{name}({', '.join(words)}){arrow}"
    if len(line) > _WIDTH:
        line = "\n".join([f"{name}(", *(f"    {word}," for word in words), f"){arrow}"])
    return f"```python\n{line}\n```\n\n"


def _prose(text: str) -> str:
    """A docstring as Markdown: its arguments become a list."""
    return _ARGS.sub(lambda m: f"{_list(m[2])}\n", text)


def _list(items: str) -> str:
    return "\n".join(f"- `{m[1]}`: {' '.join(m[2].split())}" for m in _ITEM.finditer(items))
