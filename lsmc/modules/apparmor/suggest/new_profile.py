"""The profile of a program that has none and is not allowed to make user namespaces.

Ubuntu restricts that since 23.10 to programs with a profile that has `userns,`.  Such a profile
need not confine: Ubuntu's own ones for browsers are `flags=(unconfined)` with this one rule.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from lsmc.base.text import encode
from lsmc.compiler.inputs import Options
from lsmc.explain.diagnosis import Diagnosis, Remedy
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.log.infos import given_profile
from lsmc.modules.apparmor.log.record import Record
from lsmc.modules.apparmor.resolve.library import Library
from lsmc.modules.apparmor.suggest.compilers import compiler_for, takes_class
from lsmc.modules.apparmor.suggest.suggest import word

_GIVEN = "unprivileged_userns"
_ABIS = ("abi/4.0", "abi/5.0")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")
_RISK = "new-privileges"


def makes_userns(diagnosis: Diagnosis) -> bool:
    """Whether a cause is that a program without a profile makes a user namespace."""
    record = diagnosis.cause.record
    if not isinstance(record, Record) or diagnosis.status == "no-profile":
        return False
    asks = (record.operation or "").startswith("userns")
    return (diagnosis.status == "unconfined" and asks) or bool(given_profile(record))


def userns_profile(
    policy: Engine, options: Options, library: Library, diagnosis: Diagnosis
) -> Iterator[Remedy]:
    """The profile for a program that `makes_userns`."""
    record = diagnosis.cause.record
    assert isinstance(record, Record)
    path = (record.execpath or "").removesuffix(" (deleted)")
    folder = _folder(policy, options)
    if not takes_class(compiler_for({}, options.target, "userns"), "userns"):
        says = "a profile with `userns,` takes AppArmor 4.0 or later, which this compiler is not"
        yield Remedy("advice", "", diagnosis.subject, "", 0, says=says)
        return
    if not path.startswith("/"):
        who = record.command or "the program"
        says = (
            f"find where {who} is (the record does not say it), and give it a profile:"
            f" `profile {word(encode(who))} PATH flags=(unconfined) {{ userns, }}`"
        )
        yield Remedy("advice", "", diagnosis.subject, "", 0, hazards=(_RISK,), says=says)
        return
    name = _name(policy, path)
    text = _text(library, name, path)
    yield Remedy(
        kind="file",
        rule=text,
        profile=name,
        file=posixpath.join(folder, name),
        line=1,
        hazards=(_RISK,),
        says=f"give {path} a profile that has `userns,`, and load it",
    )


def _text(library: Library, name: str, path: str) -> str:
    """The profile, in the words of the policy around it."""
    abi = next((abi for abi in _ABIS if _exists(library, abi)), "")
    head = [f"abi <{abi}>,"] if abi else []
    if _exists(library, "tunables/global"):
        head.append("include <tunables/global>")
    lines = [
        *head,
        *([""] if head else []),
        f"profile {name} {word(encode(path))} flags=(unconfined) {{",
        "  userns,",
        "",
        f"  include if exists <local/{name}>",
        "}",
        "",
    ]
    return "\n".join(lines)


def _exists(library: Library, name: str) -> bool:
    return any(library.files.exists(posixpath.join(root, name)) for root in library.search)


def _folder(policy: Engine, options: Options) -> str:
    """Where such profiles lie: beside the one that the kernel gives to programs without."""
    given = policy.tables.find(_GIVEN)
    if given is None:
        return options.base
    return posixpath.dirname(policy.bundle.place(given.place).file)


def _name(policy: Engine, path: str) -> str:
    """A name that no profile has: that of the program, else one of its whole path."""
    short = posixpath.basename(path)
    if _PLAIN.fullmatch(short) and policy.tables.find(short) is None:
        return short
    return re.sub(r"[^A-Za-z0-9_.+-]+", ".", path).strip(".")
