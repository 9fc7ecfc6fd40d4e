"""The layers of a verdict with a context, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lsmc.output.styled import Line, line, safe

if TYPE_CHECKING:
    from lsmc.stack.chain import Layer
    from lsmc.stack.context import Context
    from lsmc.stack.modes import AclEntry

_WORDS = {
    "allow": ("allowed", "good"),
    "deny": ("denied", "bad"),
    "unknown": ("not judged", "warn"),
    "not-reached": ("not reached", "dim"),
}


def layer_lines(layers: Sequence[Layer]) -> Iterator[Line]:
    """The layers by number, in the order in which the kernel asks them."""
    for number, layer in enumerate(layers, 1):
        word, role = _WORDS[layer.verdict]
        test = f" ({layer.test})" if layer.test else ""
        errno = f", {layer.errno}" if layer.errno else ""
        would = {"allow": "; would allow", "deny": "; would refuse"}.get(layer.would, "")
        reason = f"{would}: {safe(layer.reason)}" if layer.reason else would
        yield line(f"  {number}. {layer.layer}{test}: ", (word, role), f"{errno}{reason}")
        logged = [tried.capability for tried in layer.capabilities if tried.logged]
        if logged:
            yield line(f"     logged: {', '.join(f'capable {name}' for name in logged)}")


def refusal_words(layer: Layer) -> str:
    """The layer that refuses and its errno, in words."""
    return f"{layer.layer} refuses with {layer.errno}"


def beyond_words(layer: Layer) -> str:
    """A sentence that no rule helps against a layer."""
    if layer.verdict == "deny":
        return "no rule of the profile can change that"
    test = f" ({layer.test})" if layer.test else ""
    return f"no rule of the profile is enough: {layer.layer}{test} would refuse too"


def chain_json(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """The layers as JSON objects."""
    return [{**asdict(layer), "errno": layer.errno or None} for layer in layers]


def context_json(context: Context) -> dict[str, Any]:
    """The known part of a context, in the form of a request."""
    found: dict[str, Any] = {
        "uid": context.uid,
        "gid": context.gid,
        "groups": sorted(context.groups),
        "caps": None if context.capabilities is None else sorted(context.capabilities),
        "owner": context.owner,
        "group": context.group,
        "mode": _mode(context.mode),
        "acl": _acl(context.acl),
        "dir_owner": context.dir_owner,
        "dir_group": context.dir_group,
        "dir_mode": _mode(context.dir_mode),
        "dir_acl": _acl(context.dir_acl),
        "lsm": None if context.lsm is None else list(context.lsm),
    }
    return {name: value for name, value in found.items() if value is not None}


def context_lines(context: Context) -> Iterator[Line]:
    """The known part of a context, for people."""
    from lsmc.stack.capabilities import ALL

    caps = context.capabilities
    listed = "all" if caps == ALL else ", ".join(sorted(caps or ())) or "none"
    process = [
        *_pairs(("user", context.uid), ("group", context.gid)),
        *([f"groups {', '.join(map(str, sorted(context.groups)))}"] if context.groups else []),
        *([f"capabilities {listed}"] if caps is not None else []),
    ]
    for what, parts in (
        ("process", process),
        ("object", _inode(context.owner, context.group, context.mode, bool(context.acl))),
        (
            "directory",
            _inode(context.dir_owner, context.dir_group, context.dir_mode, bool(context.dir_acl)),
        ),
        ("modules", list(context.lsm or ())),
    ):
        if parts:
            yield line(f"  {what}: {', '.join(parts)}")


def _inode(owner: int | None, group: int | None, mode: int | None, acl: bool) -> list[str]:
    modes = [f"mode {_mode(mode)}"] if mode is not None else []
    lists = ["an access control list"] if acl else []
    return [*_pairs(("owner", owner), ("group", group)), *modes, *lists]


def _pairs(*pairs: tuple[str, int | None]) -> list[str]:
    return [f"{name} {number}" for name, number in pairs if number is not None]


def _mode(mode: int | None) -> str | None:
    return None if mode is None else f"{mode:04o}"


def _acl(acl: Sequence[AclEntry]) -> str | None:
    from lsmc.stack.modes import acl_text

    return acl_text(acl) if acl else None
