"""`lsmc ops`: the operations that can be asked about."""

from __future__ import annotations

import click

from lsmc.cli.faults import YES
from lsmc.cli.options import format_option, module_option, screen_of, screen_options
from lsmc.modules.registry import DEFAULT

_COLUMNS = (
    *("operation", "class", "permissions", "hook", "order of layers", "errno", "audit name"),
    "remark",
)


@click.command("ops")
@format_option("text", "json")
@module_option("The security module whose operations are listed.", DEFAULT)
@screen_options
@click.pass_context
def command(ctx: click.Context, form: str, module: str) -> int:
    """List the operations: class, permissions, hook, layers, errno and name in audit records.

    The layers stand in the order in which the kernel asks them: users and modes (dac), a capability
    by itself, the security modules.  The errno is that of a refusal by AppArmor.
    """
    from lsmc.modules.registry import module_named
    from lsmc.output.json import dumps
    from lsmc.output.table import columns
    from lsmc.stack.orders import order_of

    screen = screen_of(ctx)
    operations = module_named(module).operations()
    if form == "json":
        found = [
            {
                "operation": op.name,
                "class": op.cls,
                "permissions": list(op.perms),
                "hook": op.hook,
                "audit": list(op.audit),
                "remark": op.summary,
                "order": [step._asdict() for step in order_of(op.cls, op.name).steps],
                "errno": order_of(op.cls, op.name).errno,
                "source": order_of(op.cls, op.name).source,
            }
            for op in operations
        ]
        screen.text(dumps(found, indent=2) + "\n")
        return YES
    rows = [
        (
            *(
                op.name,
                op.cls,
                " ".join(op.perms),
                op.hook,
                str(order_of(op.cls, op.name)),
                order_of(op.cls, op.name).errno,
            ),
            *(" ".join(op.audit), op.summary),
        )
        for op in operations
    ]
    screen.show(columns(_COLUMNS, rows))
    return YES
