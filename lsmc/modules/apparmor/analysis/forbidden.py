"""What a test says that nobody may do, as requests to search for.

Objects and fields are globs as in rules.  Names in them are checked by the objects that a kernel
asks about: a glob that matches none of these would hold whatever the policy says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lsmc.analysis.permitted import Sought
from lsmc.automata.algebra import Automaton, Lazy, Table
from lsmc.automata.alphabet import mask_of
from lsmc.automata.common import shortest_common
from lsmc.automata.pattern import NOT_NUL, Chars, Literal, Pattern, Star, concat
from lsmc.engine.verdict import RequestError
from lsmc.ir.mediation import MediationClass
from lsmc.ir.operation import Operation
from lsmc.modules.apparmor.analysis.kernel_objects import requestable
from lsmc.modules.apparmor.analysis.key_globs import keys_of
from lsmc.modules.apparmor.classes import BY_NAME, EXECUTE, FILE, LINK, UNIX
from lsmc.modules.apparmor.decide.engine import Engine, operation_named
from lsmc.modules.apparmor.lower.aare import GlobError
from lsmc.modules.apparmor.operations import OPERATIONS
from lsmc.modules.apparmor.requests.checks import DIRECTORIES, NO_DIRECTORIES, check_part
from lsmc.tables.records import ProfileRecord

_SLASH = mask_of(b"/")
_DIRECTORY = concat((Star(NOT_NUL), Literal(b"/")))
_NO_DIRECTORY = concat((Star(NOT_NUL), Chars(NOT_NUL & ~_SLASH)))
_WILD = frozenset("*?[{")
#: The options of mounts with the one that makes an operation a remount.
_REMOUNT = ["remount", "remount,*", "*,remount", "*,remount,*"]


def sought(
    op: str,
    objects: Sequence[str],
    fields: Mapping[str, Sequence[str]],
    owner: bool | None,
) -> tuple[Sought, ...]:
    """The requests that an operation on some objects may be; `UnknownName`, `RequestError`.

    Args:
        op: the operation.
        objects: globs over its objects; anything when there are none.
        fields: globs over the fields of its class.
        owner: whether the subject owns the object; either when it is None.
    """
    given = {name: list(texts) for name, texts in fields.items() if name != "class"}
    words = {name: texts[0] for name, texts in fields.items() if texts}
    operation = operation_named(op, {**words, "object": objects[0] if objects else ""})
    owners = (True, False) if owner is None else (owner,)
    found = []
    for one in _alike(operation, objects, words):
        cls = BY_NAME.get(one.cls)
        if cls is None or not one.perms:
            raise RequestError(f"no rule is asked about `{op}`, so none is searched for it", op)
        if one.name == "remount":
            if "options" in given:
                raise RequestError("`options` of a remount is not searched: use `mount`", "options")
            given["options"] = _REMOUNT
        targets = [f"&{name}" for name in objects or ("**",)] if one.name == "stack" else objects
        keys = _keys(cls, targets, given)
        languages: list[Automaton[Any]] = [Lazy(keys)]
        if cls in (FILE, LINK):
            ends = _ending(one.name, cls)
            languages += [Lazy(ends)] if ends is not None else []
        if shortest_common([*languages, requestable(cls, False)]) is None:
            for text in objects:
                if not _WILD & set(text):
                    check_part(cls, text, {}, cls.mask(one.perms))
            raise RequestError(f"no kernel asks about anything that {_told(objects)} matches")
        found.append(Sought(cls, tuple(languages), (cls.mask(one.perms),), owners))
    return tuple(found)


def _alike(
    operation: Operation, objects: Sequence[str], words: Mapping[str, str]
) -> Iterator[Operation]:
    """The operations that a name stands for: where nothing tells, those of both socket classes."""
    yield operation
    told = {"class", "family", "protocol", "addr", "peer_addr", "ip", "port"} & words.keys()
    if operation.cls == "network" and not told and all(one in ("*", "**") for one in objects):
        yield from (one for one in OPERATIONS if one.name == operation.name and one.cls == "unix")


def _keys(cls: MediationClass, objects: Sequence[str], fields: Mapping[str, list[str]]) -> Pattern:
    """The language of the keys; `RequestError` for a field or a glob that does not exist."""
    given = dict(fields)
    if cls is UNIX and given.get("family") == ["unix"]:
        del given["family"]  # it has told the class
    for name in given:
        if name not in cls.fields:
            known = tuple(one for one in cls.fields if one != cls.main)
            raise RequestError(f"`{name}` is not a field of the class {cls.name}", name, known)
    wanted = [one for one in objects if not (cls is UNIX and one in ("unix", "*", "**"))]
    if wanted:
        if not cls.main:
            raise RequestError(f"the class {cls.name} has no object: leave out `{wanted[0]}`")
        if cls.main in given:
            raise RequestError(f"`{cls.main}` and `object` are one field", cls.main)
        if cls is UNIX:
            raise RequestError(
                f"`{wanted[0]}` may be the address of either side: write `addr` or `peer_addr`"
            )
        given[cls.main] = wanted
    for text in (text for texts in given.values() for text in texts):
        if "@{" in text:
            raise RequestError(f"`{text}` has a variable: write out what it stands for", text)
    try:
        return keys_of(cls, given)
    except GlobError as fault:
        raise RequestError(f"{_told(objects)} is not a glob: {fault}") from None


def _ending(operation: str, cls: MediationClass) -> Pattern | None:
    """How the paths of an operation end."""
    if operation in DIRECTORIES:
        return _DIRECTORY
    if operation not in NO_DIRECTORIES:
        return None
    if cls is FILE:
        return _NO_DIRECTORY
    return concat((_NO_DIRECTORY, Literal(b"\0"), Star(NOT_NUL)))


def _told(objects: Sequence[str]) -> str:
    return " ".join(f"`{one}`" for one in objects) or "the test"


def apart(engine: Engine, profile: ProfileRecord, wanted: Sought) -> Iterator[Automaton[Any]]:
    """The paths of each program with a profile: an execution may be refused where there is none."""
    if wanted.cls is not FILE or not any(perms & EXECUTE for perms in wanted.perms):
        return
    scopes = (f":{profile.namespace}:", profile.name)
    candidates = engine.tables.attachments.all()
    for candidate in (one for scope in scopes for one in candidates.get(scope, ())):
        table = Table(candidate.dfa)
        if shortest_common([*wanted.keys, table]) is not None:
            yield table
