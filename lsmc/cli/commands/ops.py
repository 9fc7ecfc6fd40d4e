"""`lsmc ops`: the operations that can be asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lsmc.cli import completion
from lsmc.cli.faults import YES
from lsmc.cli.options import format_option, module_option, screen_of, screen_options
from lsmc.modules.registry import DEFAULT

if TYPE_CHECKING:
    from lsmc.ir.operation import Operation

_COLUMNS = (
    *("operation", "class", "permissions", "remark"),
    *("hook", "errno", "audit name", "order of layers"),
)
#: What a narrow screen leaves out first.
_SPARE = (7, 6, 5, 4)


@click.command("ops")
@click.argument("names", metavar="[OPERATION...]", nargs=-1, shell_complete=completion.operations)
@format_option("text", "json")
@module_option("The security module whose operations are listed.", DEFAULT)
@screen_options
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...], form: str, module: str) -> int:
    """List operations: class, permissions, hook, layers, errno.

    All of them, or those that are named, with every detail.  The layers stand in the order in which
    the kernel asks them: users and modes (dac), a capability by itself, the security modules.  The
    errno is that of a refusal by the module.  A narrow terminal shows the first columns only.
    """
    from lsmc.engine.verdict import UnknownName
    from lsmc.modules.registry import module_named
    from lsmc.output.json import dumps
    from lsmc.output.styled import line
    from lsmc.output.table import columns

    screen = screen_of(ctx)
    known = module_named(module).operations()
    for name in names:
        if all(name != op.name for op in known):
            raise UnknownName("operation", name, [op.name for op in known])
    rows = [_facts(op) for op in known if not names or op.name in names]
    if form == "json":
        screen.text(dumps(rows, indent=2) + "\n")
    elif names:
        for number, row in enumerate(rows):
            cells = [(head, str(text)) for head, text in zip(_COLUMNS, _cells(row), strict=True)]
            screen.show([line()] * bool(number))
            screen.show(columns(("", ""), cells, width=screen.width))
    else:
        cut = screen.width
        screen.show(columns(_COLUMNS, list(map(_cells, rows)), width=cut, spare=_SPARE))
    return YES


def _facts(op: Operation) -> dict[str, Any]:
    """What is known of an operation, as JSON has it."""
    from lsmc.stack.orders import USUAL_ERRNO, listed_order

    order = listed_order(op.cls, op.name)
    return {
        "operation": op.name,
        "class": op.cls,
        "permissions": list(op.perms),
        "hook": op.hook,
        "audit": list(op.audit),
        "remark": op.summary,
        "order": [step._asdict() for step in order.steps] if order is not None else [],
        "errno": op.errno or (order.errno if order is not None else USUAL_ERRNO),
        "source": order.source if order is not None else "",
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    """The facts of an operation in the order of the columns."""
    steps = (f"{s['layer']}({s['test']})" if s["test"] else s["layer"] for s in row["order"])
    return (
        *(row["operation"], row["class"], " ".join(row["permissions"]), row["remark"]),
        *(row["hook"], row["errno"], " ".join(row["audit"]), " > ".join(steps)),
    )
