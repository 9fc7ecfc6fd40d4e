"""One message of a log as a record of Smack.

A decision is `lsm=SMACK fn=FUNCTION action=denied|granted subject="S" object="O" requested=LETTERS`
behind the header of an audit record, or `labels_differ` for a request that asks for nothing
(`smack_log_callback`).  The kernel log has lines of its own for what is only reported:
`Smack Bringup: (S O LETTERS) WHAT` (`smk_bu_note` and others in smack_lsm.c).
"""

from __future__ import annotations

import re
from typing import Any

from lsmc.logs.envelope import Envelope
from lsmc.logs.header import is_front, split, split_shown, stamp
from lsmc.logs.pairs import Fields, Value, in_folder, number_of, pairs, text_of
from lsmc.logs.record import LogError, LogPlace
from lsmc.modules.smack.labels import LETTERS
from lsmc.modules.smack.log.record import Record, Type

SIGN = "lsm=SMACK"
_DECISION = re.compile(
    r'lsm=SMACK fn=(?P<function>\w{1,64}) action=(?P<action>denied|granted) subject="'
    r'(?P<subject>[!-~]{1,255}?)" object="(?P<object>[!-~]{1,255}?)"'
    r" (?:requested=(?P<mask>[a-z]{1,7})(?P<why>\(U[SO]\))?|(?P<none>labels_differ))(?: |$)"
)
_REPORT = re.compile(
    r"Smack (?P<what>Bringup|Unconfined Subject|Unconfined Object): "
    r"\((?P<subject>[!-~]{1,255}) (?P<object>[!-~]{1,255}) (?P<mask>[a-z]{1,7}|-)\) (?P<rest>.*)"
)
_FILE = re.compile(r"(?:inode|file)=\((\S{1,32}) (\d{1,20})(?: ([^)]{1,255}))?\) ?(.*)")
#: What is kept of the other records of an event.
_OF_EVENT = frozenset(
    ("syscall", "success", "exit", "ppid", "auid", "uid", "euid", "exe", "subj", "cwd", "key")
)
_UNCONFINED = {"(US)": "subject", "(UO)": "object"}


def read_message(message: Envelope, source: LogPlace | None = None) -> Record | None:
    """The record of a message; None where it is somebody else's.

    Raises `LogError` for a record that cannot be read.
    """
    text, *others = message.text.split("\n")
    at = text.find(SIGN)
    if at < 0:
        found = _report(text, message)
        return found if found is None else found._replace(source=source)
    head, body = _head(text, at, message)
    if head is None:
        return None
    record = _decision(body, head)
    event, paths = _event(others)
    return record._replace(event=event, paths=paths, source=source)


def _head(text: str, at: int, message: Envelope) -> tuple[dict[str, Any] | None, str]:
    """The fields of the header, and what follows it; None where the text is quoted by another."""
    shown = split_shown(text) if "audit(" in text else None
    if shown is not None:
        return {"audit_id": shown[1]}, shown[2]
    header, body = split(text)
    if header is not None:
        return {"audit_id": header.serial, "epoch": header.epoch}, body
    if not is_front(text, at):
        return None, ""
    epoch = message.epoch or stamp(text)
    return ({"epoch": epoch} if epoch else {}), text[at:]


def _decision(body: str, head: dict[str, Any]) -> Record:
    body = body.removeprefix("avc:").lstrip()
    found = _DECISION.match(body)
    if found is None:
        raise LogError(
            "no labels and letters behind `lsm=SMACK`: the record is cut off", _rest(body, head)
        )
    letters = found["mask"] or ""
    if set(letters) - set(LETTERS):
        raise LogError(f"`requested={letters}` has unknown letters", _rest(body, head))
    own = dict(pairs(body[found.end() :]))
    kind: Type = "UNCONFINED" if found["why"] else _ACTIONS[found["action"]]
    return Record(
        event_type=kind,
        operation=found["function"],
        subject=found["subject"],
        object=found["object"],
        mask=letters,
        unconfined=_UNCONFINED.get(found["why"] or ""),
        pid=number_of(own.pop("pid", None)),
        command=text_of(own.pop("comm", None)),
        name=text_of(own.pop("name", None)),
        fields=tuple(own.items()),
        **head,
    )


_ACTIONS: dict[str, Type] = {"denied": "DENIED", "granted": "GRANTED"}


def _rest(body: str, head: dict[str, Any]) -> Record:
    """What can be read of a record that cannot be read as a whole."""
    own = dict(pairs(body))
    return Record(
        operation=text_of(own.get("fn")),
        subject=text_of(own.get("subject")),
        object=text_of(own.get("object")),
        **head,
    )


def _report(text: str, message: Envelope) -> Record | None:
    """A line of the kernel log on what is only reported."""
    found = _REPORT.search(text)
    if found is None or not is_front(text, found.start()):
        return None
    what = found["what"]
    epoch = message.epoch or stamp(text) or None
    mask = found["mask"].strip("-")
    rest = found["rest"].strip()
    fields: list[tuple[str, Value]] = []
    name = None
    file = _FILE.match(rest)
    if file is not None:
        fields += [("dev", file[1]), ("ino", int(file[2]))]
        name, rest = file[3], file[4]
    command, _, other = rest.partition(" ")
    if other.startswith("to "):
        fields.append(("ocomm", other.removeprefix("to ")))
        other = ""
    if command == "UDS":  # no program is named
        command, other = "", rest
    return Record(
        event_type="BRINGUP" if what == "Bringup" else "UNCONFINED",
        operation=other or None,
        subject=found["subject"],
        object=found["object"],
        mask=mask,
        unconfined=what.removeprefix("Unconfined ").lower() if what != "Bringup" else None,
        epoch=epoch,
        command=command or None,
        name=name,
        fields=tuple(fields),
    )


def _event(lines: list[str]) -> tuple[Fields, tuple[tuple[str, int, str], ...]]:
    """What the other records of an event say, and the files that they name."""
    found: dict[str, Value] = {}
    named: list[tuple[str, int, str]] = []
    for line in lines:
        said = dict(pairs(line))
        for key in _OF_EVENT & said.keys():
            found.setdefault(key, said[key])
        name, inode = said.get("name"), said.get("inode")
        if isinstance(name, str) and isinstance(inode, int):
            named.append((name, inode, str(said.get("obj", ""))))
    folder = str(found.get("cwd", ""))
    paths = tuple((in_folder(folder, name), inode, label) for name, inode, label in named)
    return tuple(sorted(found.items())), paths
