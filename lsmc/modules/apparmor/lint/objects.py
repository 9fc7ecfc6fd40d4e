"""What real objects look like, and whether a rule can match one."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from lsmc.automata.algebra import Lazy
from lsmc.automata.alphabet import mask_of
from lsmc.automata.common import have_common
from lsmc.automata.facts import last_bytes
from lsmc.automata.paths import PATHS
from lsmc.automata.pattern import Literal, Pattern, example
from lsmc.ir.model import MediationClass, Rule
from lsmc.kernels.walk import is_real_path
from lsmc.modules.apparmor.analysis.kernel_objects import PATH_FIELDS
from lsmc.modules.apparmor.classes import MOUNT, NETWORK
from lsmc.modules.apparmor.mount_flags import BY_WORD, PROPAGATION

_SLASH = mask_of(b"/")


@lru_cache(maxsize=200_000)
def holds_real_path(pattern: Pattern) -> bool:
    """Whether some real path matches."""
    first = example(pattern)
    if first is None:
        return False
    if is_real_path(first):
        return True
    return have_common([Lazy(pattern), PATHS])


def impossible(rule: Rule) -> str:
    """Why no real object can match a rule; empty when one can."""
    for number, field in enumerate(rule.fields):
        if example(field) is None:
            return f"no {rule.cls.fields[number].replace('_', ' ')} matches at all"
    for number in PATH_FIELDS.get(rule.cls, ()):
        if not holds_real_path(rule.fields[number]):
            return _why(example(rule.fields[number]) or b"")
    special = _SPECIAL.get(rule.cls)
    return special(rule) if special is not None else ""


def _why(path: bytes) -> str:
    if not path.startswith(b"/"):
        return "the path is not absolute"
    if b"//" in path:
        return "no real path has an empty component (`//`)"
    return "no real path has a component `.` or `..`"


def _mount(rule: Rule) -> str:
    words = (example(rule.fields[3]) or b"").decode().split(",")
    kinds = [word for word in words if BY_WORD.get(word, 0) & PROPAGATION]
    if len(kinds) > 1:
        return f"`{kinds[0]}` and `{kinds[1]}` exclude each other in one mount"
    return ""


def _network(rule: Rule) -> str:
    family = _only(rule.fields[0])
    for number in (3, 6):
        address = _only(rule.fields[number])
        if family == b"inet" and b":" in address:
            return "a socket of the family inet has no IPv6 address"
        if family == b"inet6" and b"." in address and b":" not in address:
            return "a socket of the family inet6 has no IPv4 address"
    return ""


def _only(pattern: Pattern) -> bytes:
    """The text of a literal, else nothing."""
    return pattern.text if isinstance(pattern, Literal) else b""


_SPECIAL: dict[MediationClass, Callable[[Rule], str]] = {MOUNT: _mount, NETWORK: _network}


def only_directories(pattern: Pattern) -> bool:
    """Whether every member ends with a slash, as only the paths of directories do."""
    return last_bytes(pattern) == (_SLASH, False)


def no_directories(pattern: Pattern) -> bool:
    """Whether no member ends with a slash."""
    return not last_bytes(pattern)[0] & _SLASH
