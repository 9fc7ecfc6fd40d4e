"""`lsmc query` with the policies of several modules: one answer of the kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lsmc.cli.ask import question
from lsmc.cli.faults import NO, YES, UsageFault
from lsmc.modules.registry import MODULES

if TYPE_CHECKING:
    from lsmc.cli.options import Reading
    from lsmc.cli.screen import Screen
    from lsmc.stack.context import Context


class StackOptions(NamedTuple):
    """Options of a question to several modules: pairs `MODULE=TEXT`."""

    subjects: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()


def of_modules(paths: Sequence[str]) -> dict[str, list[str]]:
    """The paths of policy by module, where they name modules; `UsageFault` if only some do."""
    found: dict[str, list[str]] = {}
    for path in paths:
        name, equals, rest = path.partition("=")
        if equals and name in MODULES:
            found.setdefault(name, []).append(rest)
    if found and sum(map(len, found.values())) < len(paths):
        raise UsageFault("with --policy MODULE=PATH every --policy names its module")
    return found


def ask_stack(
    paths: Mapping[str, Sequence[str]],
    words: Sequence[str],
    named: StackOptions,
    context: Context | None,
    form: str,
    reading: Reading,
    screen: Screen,
    *,
    enforce: bool,
) -> int:
    """Answer a question to all modules; the exit code says whether all allow it."""
    from lsmc.cli.reading import read_policies
    from lsmc.module_stack import ModuleStack
    from lsmc.stack.context import Context as Known

    subjects = _pairs(named.subjects, "--subject")
    lacking = [name for name in paths if name not in subjects]
    if lacking:
        subject, op, obj, fields = question(words)
        subjects |= dict.fromkeys(lacking, subject)
    else:
        _, op, obj, fields = question(("", *words))
    policies = {
        name: read_policies(some, reading._replace(module=name), screen)
        for name, some in paths.items()
    }
    if enforce:
        policies = {name: policy.enforced for name, policy in policies.items()}
    known = context or Known()
    try:
        stack = ModuleStack(policies, known.lsm)
    except ValueError as fault:
        raise UsageFault(str(fault)) from None
    verdict = stack.query(
        subjects,
        op,
        obj,
        objects=_pairs(named.objects, "--object"),
        directories=_pairs(named.directories, "--directory"),
        context=known,
        **fields,
    )
    if form == "json":
        from lsmc.output.json import dumps
        from lsmc.output.json import verdict as to_json

        screen.text(dumps(to_json(verdict)) + "\n")
    else:
        from lsmc.output.verdict import verdict_lines

        screen.show(verdict_lines(verdict, ("", op, obj, fields)))
    return YES if verdict.allowed else NO


def _pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name not in MODULES:
            known = ", ".join(MODULES)
            raise UsageFault(f"{option}: `{text}` is not MODULE=TEXT, with one of {known}")
        found[name] = value
    return found
