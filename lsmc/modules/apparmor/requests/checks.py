"""What a question may say: every name that has a table is in it, and nothing needed is left out.

A typo in a question must not be answered: the rules would not match it, and it would come out as
denied (or as allowed, where no rule is asked).
"""

from __future__ import annotations

from collections.abc import Mapping

from lsmc.base.numbers import natural
from lsmc.engine.verdict import RequestError
from lsmc.ir.mediation import MediationClass
from lsmc.ir.operation import Operation
from lsmc.modules.apparmor.classes import BY_NAME, DBUS, FILE, LINK, UNIX
from lsmc.modules.apparmor.requests.fields import named_fields, parts
from lsmc.modules.apparmor.requests.paths import check_path

Fields = Mapping[str, str]
#: What the main field of each class holds, where a question cannot do without it.
_NEEDED = {
    "file": "a path",
    "link": "the path of the new name",
    "capability": "a capability",
    "network": "an address family",
    "signal": "the other process's profile",
    "ptrace": "the other process's profile",
    "mount": "a mount point",
    "umount": "a mount point",
    "pivot_root": "the new root",
    "change_profile": "a profile",
    "onexec": "a profile",
    "mqueue": "the name of a queue",
}
#: Operations whose path is that of a directory, and those whose path never is: the kernel writes
#: the path of a directory with a slash at its end (security/apparmor/path.c, PATH_IS_DIR).
DIRECTORIES = ("mkdir", "rmdir")
NO_DIRECTORIES = ("create", "exec", "mmap_exec", "mknod", "symlink", "link", "truncate")
#: Operations on a socket and its peer, where the address of either may be meant.
_WITH_PEER = ("connect", "send", "receive")
_SAYS_WHOSE = frozenset(("class", "family", "addr", "peer_addr"))
_BIND = DBUS.mask(("bind",))


def check(operation: Operation, obj: str, fields: Fields) -> None:
    """Raise `RequestError` unless a question is one that a kernel can ask."""
    if operation.name == "change_hat":
        _known_fields(fields, ())
        _present(obj, "the name of a hat")
        return
    if operation.cls == "rlimit":
        _check_limit(obj, fields)
        return
    if operation.name and fields.get("class", operation.cls) != operation.cls:
        raise RequestError(
            f"the operation {operation.name} belongs to the class {operation.cls}, "
            f"not `{fields['class']}`"
        )
    if operation.cls == "unix" and operation.name in _WITH_PEER:
        _check_whose(obj, fields)
    for part in parts(operation, obj, fields):
        check_part(part.cls, part.object, part.fields, part.wanted)
    if operation.cls in ("file", "link"):
        _check_slash(operation.name, fields.get(BY_NAME[operation.cls].main, obj))


def check_part(cls: MediationClass, obj: str, fields: Fields, wanted: int) -> None:
    """Raise `RequestError` unless a kernel can ask this about a class.

    Args:
        cls: the class.
        obj: its main field; empty when it stands among the fields.
        fields: the other fields.
        wanted: the bits of the permissions that are asked for.
    """
    main = cls.main
    named = obj == "unix" and cls is UNIX
    if obj and not named and main not in fields and not main:
        raise RequestError(f"the class {cls.name} has no object: leave out `{obj}`", obj)
    if obj and not named and fields.get(main, obj) != obj:
        raise RequestError(f"`{main}={fields[main]}` and `{obj}` are two values of one field")
    given = named_fields(cls, obj, fields)
    needed = _NEEDED.get(cls.name, "")
    if cls is DBUS and wanted == _BIND:
        needed = "the name of a service"
    if needed:
        _present(given.get(main, ""), needed)
    known = (*cls.fields, "family", "protocol", "label") if cls is UNIX else cls.fields
    _known_fields(given, known, cls.name)
    if cls is FILE or cls is LINK:
        for path in filter(None, given.values()):
            check_path(path)
        return
    from lsmc.modules.apparmor.requests.field_values import check_values

    check_values(cls, given)


def check_executable(path: str) -> None:
    """Raise `RequestError` unless a path can be that of a running program."""
    check_path(path)
    if path.endswith("/"):
        raise RequestError(f"`{path}` is the path of a directory, not of a program")


def _present(value: str, what: str) -> None:
    if not value:
        raise RequestError(f"the object is missing: {what}")


def _known_fields(given: Fields, known: tuple[str, ...], cls: str = "") -> None:
    for name in given:
        if name not in known:
            of = f" of the class {cls}" if cls else " of this operation"
            raise RequestError(f"`{name}` is not a field{of}", name, known)


def _check_slash(operation: str, path: str) -> None:
    """Whether a path ends as the kernel writes it for an operation."""
    directory = path.endswith("/")
    if operation in DIRECTORIES and not directory:
        raise RequestError(
            f"the path of a directory ends in a slash; did you mean `{path}/`?", path
        )
    if operation in NO_DIRECTORIES and directory:
        raise RequestError(f"`{path}` is a directory, which {operation} is never asked about", path)


def _check_limit(obj: str, fields: Fields) -> None:
    from lsmc.modules.apparmor.names import RESOURCES

    _known_fields(fields, ("value",))
    _present(obj, "the resource")
    resource = obj.lower().removeprefix("rlimit_")
    if resource not in (*RESOURCES, "ofile"):
        raise RequestError(f"`{obj}` is not a resource", resource, RESOURCES)
    value = fields.get("value", "")
    if not value:
        raise RequestError("`value=` is missing: the new limit, a number or `infinity`")
    if value != "infinity" and natural(value) is None:
        raise RequestError(f"`{value}` is not a limit: a number or `infinity`", value)


def _check_whose(obj: str, fields: Fields) -> None:
    """Whether it is clear whose address an object is."""
    if obj and obj != "unix" and not _SAYS_WHOSE & fields.keys():
        raise RequestError(
            f"`{obj}` may be the address of either side: write `peer_addr={obj}` for the other "
            f"side's, `addr={obj}` for its own"
        )
