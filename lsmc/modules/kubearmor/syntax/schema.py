"""What a document of policy may hold: the fields of KubeArmor's custom resources, as data.

From the custom resource definitions of KubeArmor 1.7 (`deployments/CRD`).  A value of a wrong type
is an error, since no version reads it.  What only an API server refuses (an unknown field, a word
or a form that it does not admit) is a warning: on a machine without one KubeArmor takes the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lsmc.modules.kubearmor.names import CAPABILITIES, LAST_ADMITTED, PROTOCOLS, TYPES
from lsmc.modules.kubearmor.policy import ACTIONS
from lsmc.modules.kubearmor.syntax.nodes import Kind


@dataclass(frozen=True, slots=True)
class Field:
    """What a value may be.

    Attributes:
        kind: its type.
        words: the texts that the API server admits; any if there are none.
        form: what a text must match, as the API server searches for it.
        least: the least whole number; `most` the greatest.
        longest: bytes that a text may have.
        item: of an array, what its members are.
        fields: of an object, its members by name.
        others: of an object that takes any name, what a member is.
        required: the members that an object must have.
    """

    kind: Kind
    words: tuple[str, ...] = ()
    form: re.Pattern[str] | None = None
    least: int | None = None
    most: int | None = None
    longest: int | None = None
    item: Field | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    others: Field | None = None
    required: tuple[str, ...] = ()


TEXT = Field("string")
_FLAG = Field("boolean")
_TEXTS = Field("array", item=TEXT)
_ACTION = Field("string", words=ACTIONS)
#: Bytes of a path (PATH_MAX).
_PATH_MAX = 4096
_PATH = Field("string", form=re.compile(r"^/+.*[^/]$"), longest=_PATH_MAX)
_DIRECTORY = Field("string", form=re.compile(r"^/$|^/.*/$"), longest=_PATH_MAX)
_NAME = Field("string", form=re.compile(r"^[^/]+$"), longest=_PATH_MAX)
_PATTERN = Field("string", longest=_PATH_MAX)
_COMMON: dict[str, Field] = {
    "severity": Field("integer", least=1, most=10),
    "tags": _TEXTS,
    "message": TEXT,
    "action": _ACTION,
}
#: Words for protocols that are no numbers of their own: `all` of them.
ALL = "all"
_WORDS = (*PROTOCOLS, *TYPES, ALL.upper())
_CASES = "|".join([*_WORDS, *(name.lower() for name in _WORDS), "ICMPv6"])
_PROTOCOL = Field("string", form=re.compile(rf"({_CASES})$"))
_ADMITTED = "|".join(name for name, number in CAPABILITIES.items() if number <= LAST_ADMITTED)
_CAPABILITY = Field("string", form=re.compile(rf"({_ADMITTED})$"))
#: The presets of KubeArmor.
PRESETS = ("anonymousMapExec", "filelessExec", "protectEnv", "exec", "protectProc")


def _object(required: tuple[str, ...] = (), /, **fields: Field) -> Field:
    return Field("object", fields=dict(fields), required=required)


def _entries(required: tuple[str, ...], /, **fields: Field) -> Field:
    """A list of entries, which have the common fields besides."""
    return Field("array", item=Field("object", fields={**fields, **_COMMON}, required=required))


def _section(**lists: Field) -> Field:
    return Field("object", fields={**lists, **_COMMON})


_SOURCES = Field("array", item=_object(path=_PATH))
_SYSCALL_SOURCES = Field("array", item=_object(path=_PATH, dir=TEXT, recursive=_FLAG))
_FROM = {"fromSource": _SOURCES}
_PROCESS_FLAGS = {"ownerOnly": _FLAG, "pts": _FLAG, **_FROM}
_FILE_FLAGS = {"readOnly": _FLAG, **_PROCESS_FLAGS}

_SECTIONS: dict[str, Field] = {
    "process": _section(
        matchPaths=_entries((), path=_PATH, execname=_NAME, allowedArgs=_TEXTS, **_PROCESS_FLAGS),
        matchDirectories=_entries(("dir",), dir=_DIRECTORY, recursive=_FLAG, **_PROCESS_FLAGS),
        matchPatterns=_entries(("pattern",), pattern=_PATTERN, ownerOnly=_FLAG),
    ),
    "file": _section(
        matchPaths=_entries(("path",), path=_PATH, **_FILE_FLAGS),
        matchDirectories=_entries(("dir",), dir=_DIRECTORY, recursive=_FLAG, **_FILE_FLAGS),
        matchPatterns=_entries(("pattern",), pattern=_PATTERN, ownerOnly=_FLAG, readOnly=_FLAG),
    ),
    "network": _section(
        matchProtocols=_entries(("protocol",), protocol=_PROTOCOL, pts=_FLAG, **_FROM),
        matchDNSQueries=_entries(("domain",), domain=_PATTERN, **_FROM),
    ),
    "capabilities": _section(
        matchCapabilities=_entries(("capability",), capability=_CAPABILITY, pts=_FLAG, **_FROM),
    ),
    "syscalls": _section(
        matchSyscalls=_entries((), syscall=_TEXTS, fromSource=_SYSCALL_SOURCES),
        matchPaths=_entries(
            (), path=TEXT, recursive=_FLAG, syscall=_TEXTS, fromSource=_SYSCALL_SOURCES
        ),
    ),
}
_PRESETS = Field("array", item=_object(name=Field("string", words=PRESETS), action=_ACTION))
_LABELS = Field("object", others=TEXT)
_EXPRESSIONS = Field(
    "array",
    item=_object(
        key=Field("string", words=("label", "namespace")),
        operator=Field("string", words=("In", "NotIn")),
        values=_TEXTS,
    ),
)
_SELECTOR = _object(matchLabels=_LABELS, matchExpressions=_EXPRESSIONS)
_DEVICE = _section(
    matchDevice=Field(
        "array",
        item=Field(
            "object",
            fields={
                "class": TEXT,
                "subClass": Field("integer"),
                "protocol": Field("integer"),
                "level": Field("integer"),
                **_COMMON,
            },
        ),
    )
)
_ANY = Field("object", others=Field("null"))
_METADATA = _object(("name",), name=TEXT, namespace=TEXT, labels=_LABELS, annotations=_LABELS)


def _document(**spec: Field) -> Field:
    fields = {**_SECTIONS, **spec, **_COMMON, "presets": _PRESETS, "apparmor": TEXT}
    return _object(
        ("kind", "metadata"),
        apiVersion=TEXT,
        kind=TEXT,
        metadata=_METADATA,
        spec=Field("object", fields=fields),
        status=_ANY,
    )


#: What a document of each kind may hold.
KINDS: dict[str, Field] = {
    "KubeArmorPolicy": _document(selector=_SELECTOR),
    "KubeArmorClusterPolicy": _document(selector=_SELECTOR),
    "KubeArmorHostPolicy": _document(nodeSelector=_object(matchLabels=_LABELS), device=_DEVICE),
}
#: A kind that other programs enforce, with the reason.
OUTSIDE = {"KubeArmorNetworkPolicy": "nftables enforces it, not a security module"}
API = "security.kubearmor.com/"
