"""What SELinux answers of operations on sockets: the class of the socket, and the hooks.

Source: the kernel's security/selinux/hooks.c.  A socket has the label that the subject makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lsmc.engine.verdict import RequestError
from lsmc.stack.calls import HookCall, KernelCall

#: By operation: the hook, and the permission of the socket's class.
_OWN = {
    "socket_create": ("socket_create", "create"),
    "connect": ("socket_connect", "connect"),
    "listen": ("socket_listen", "listen"),
    "accept": ("socket_accept", "accept"),
    "send": ("socket_sendmsg", "write"),
    "receive": ("socket_recvmsg", "read"),
    "setsockopt": ("socket_setsockopt", "setopt"),
}
_INET = {"stream": "tcp_socket", "dgram": "udp_socket", "raw": "rawip_socket"}
_UNIX = {
    **dict.fromkeys(("stream", "seqpacket"), "unix_stream_socket"),
    **dict.fromkeys(("dgram", "raw"), "unix_dgram_socket"),
}
#: What also asks of nodes, of the other end, or of the file of an address.
_OF_OTHERS = (
    ("bind", *_INET.values(), *_UNIX.values()),
    ("connect", *_UNIX.values()),
    ("send", "unix_dgram_socket"),
)


def socket_calls(call: KernelCall, label: Callable[[str], str]) -> Iterator[HookCall]:
    """The requests of an operation; `label` gives the socket's, by its class; `RequestError`."""
    cls = _class(call)
    if cls is None or any(call.op == op and cls in classes for op, *classes in _OF_OTHERS):
        raise RequestError(f"what selinux asks of `{call.op}` here is not translated: ask it alone")
    hook, permission = _OWN[call.op]
    yield HookCall(hook, {"op": f"{cls}:{permission}", "object": label(cls)})
    if (call.op, cls) == ("connect", "tcp_socket"):
        port = call.fields.get("peer_port")
        if port is None:
            raise RequestError("selinux asks for the label of the port: give `peer_port=`")
        yield HookCall(hook, {"op": f"{cls}:name_connect", "object": f"tcp:{port}"})


def _class(call: KernelCall) -> str | None:
    """The class of a socket, None for one that is not translated."""
    kind = str(call.fields.get("type", ""))
    family = str(call.fields.get("family", call.object))
    if "unix" in (call.cls, family):
        classes = _UNIX
    else:
        usual = {"stream": "tcp", "dgram": "udp"}.get(kind)
        if family not in ("inet", "inet6") or call.fields.get("protocol", usual) != usual:
            return None
        classes = _INET
    if kind not in classes:
        raise RequestError(
            "selinux asks by the type of the socket: give `type=`", kind, tuple(classes)
        )
    return classes[kind]
