"""The operations of each module, and what each module has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsmc.modules.registry import MODULES, module_named
from lsmc.stack.orders import USUAL_ERRNO, listed_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lsmc.ir.operation import Operation
    from lsmc.modules.interface import SecurityModule

#: What only some modules have, as commands tell it, and the field of `SecurityModule` that says so.
_PARTS = {
    "`lint`": "lint",
    "`fmt`": "formatter",
    "`log`, `explain --log`, `replay`": "logs",
    "`learn`": "learn",
    "`can`": "abilities",
    "`graph`": "graph",
    "`label`": "labels",
    "a question to several modules": "hooks",
    "`compile --format`": "formats",
    "`load`": "loading",
}
_OPERATIONS = """# Operations

What can be asked of each module, as `lsmc ops --module NAME` prints it. The hook is where the
kernel asks, the errno what a refusal gives.
"""


def pages() -> Iterator[tuple[str, str]]:
    """The list of modules, and the operations of each."""
    modules = _modules()
    index = [
        f"- [{one.title}](operations/{one.name}.md): {len(one.operations())}" for one in modules
    ]
    yield "reference/operations.md", "\n".join([_OPERATIONS, *index, ""])
    for module in modules:
        yield f"reference/operations/{module.name}.md", _page(module)


def _modules() -> list[SecurityModule]:
    return [module_named(name) for name in MODULES]


def table() -> str:
    """What each module has; each links to its page."""
    modules = _modules()
    heads = ["", *(f"[{one.title}]({one.name}.md)" for one in modules)]
    rows = [heads, ["---"] * len(heads)]
    rows.append(["operations", *(f"{len(one.operations()):,}" for one in modules)])
    for words, field in _PARTS.items():
        rows.append([words, *("yes" if getattr(one, field) else "no" for one in modules)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _page(module: SecurityModule) -> str:
    rows = map(_row, module.operations())
    head = "| operation | class | permissions | remark | hook | errno |\n|---|---|---|---|---|---|"
    return "\n".join([f"# Operations of {module.title}\n", head, *rows, ""])


def _row(operation: Operation) -> str:
    order = listed_order(operation.cls, operation.name)
    errno = operation.errno or (order.errno if order is not None else USUAL_ERRNO)
    cells = (
        f"`{operation.name}`",
        *(operation.cls, " ".join(operation.perms), operation.summary),
        *(f"`{operation.hook}`" if operation.hook else "", errno),
    )
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
