"""The security modules that there are; a module is imported when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from lsmc.engine.verdict import UnknownName
from lsmc.modules.interface import SecurityModule

if TYPE_CHECKING:
    from lsmc.lint.model import Lint
    from lsmc.logs.record import LogFormat


def _apparmor() -> SecurityModule:
    from lsmc.modules.apparmor.module import APPARMOR

    return APPARMOR


def _kubearmor() -> SecurityModule:
    from lsmc.modules.kubearmor.module import KUBEARMOR

    return KUBEARMOR


def _selinux() -> SecurityModule:
    from lsmc.modules.selinux.module import SELINUX

    return SELINUX


def _smack() -> SecurityModule:
    from lsmc.modules.smack.module import SMACK

    return SMACK


def _tomoyo() -> SecurityModule:
    from lsmc.modules.tomoyo.module import TOMOYO

    return TOMOYO


#: What gives each module.  The last that claims an input reads it; what no other claims is that of
#: the first.
MODULES: dict[str, Callable[[], SecurityModule]] = {
    "apparmor": _apparmor,
    "kubearmor": _kubearmor,
    "selinux": _selinux,
    "smack": _smack,
    "tomoyo": _tomoyo,
}
#: The module of what no path tells: a text, a log.
DEFAULT = "apparmor"


@cache
def module_named(name: str) -> SecurityModule:
    """The module of a name; raises `UnknownName`."""
    module = MODULES.get(name)
    if module is None:
        raise UnknownName("security module", name, MODULES)
    return module()


@cache
def module_of_language(language: str) -> SecurityModule | None:
    """The module whose files an editor takes for a language; None where there is none."""
    modules = map(module_named, MODULES)
    return next((one for one in modules if language in (one.name, *one.languages)), None)


def module_of(paths: Sequence[str], name: str | None = None) -> SecurityModule:
    """The module of a name, else the one whose policy some paths hold; raises `UnknownName`."""
    if name is not None:
        return module_named(name)
    return next(module for module in map(module_named, reversed(MODULES)) if module.claims(paths))


def lint_of(paths: Sequence[str], name: str | None = None) -> Lint[Any]:
    """What lint needs of the module of some paths, as `module_of`; ValueError without checks."""
    module = module_of(paths, name)
    if module.lint is None:
        raise ValueError(f"lint has no checks for policy of {module.title}")
    return module.lint()


def lints() -> Iterator[Lint[Any]]:
    """What lint needs of each module that has checks."""
    for module in map(module_named, MODULES):
        if module.lint is not None:
            yield module.lint()


def log_forms(name: str | None = None) -> list[LogFormat]:
    """How the records of a module are read, of all modules without a name.

    Raises `UnknownName`, `NoMeaning`.
    """
    if name is not None:
        module = module_named(name)
        return [module.needs(module.logs, "a log")().form()]
    modules = map(module_named, MODULES)
    return [module.logs().form() for module in modules if module.logs is not None]
