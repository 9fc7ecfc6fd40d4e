"""The questions that the kernel asks while an act is performed, one after the other.

They are a fact of the kernel; `expect` has the answers.
"""

from __future__ import annotations

from tests.kernel import file_asks, other_asks, socket_asks, unix_asks
from tests.kernel.ask import Asks, files_of
from tests.kernel.cases import Case

_ASKS = {
    "open": file_asks.opened,
    "lock": file_asks.lock,
    "rename": file_asks.rename,
    "link": file_asks.link,
    "held": file_asks.held,
    **dict.fromkeys(("map", "protect"), file_asks.mapped),
    **dict.fromkeys(("symlink", "unlink", "mkdir", "rmdir", "mknod", "exec"), file_asks.last),
    **dict.fromkeys(("chmod", "chown", "truncate", "getattr"), file_asks.last),
    **dict.fromkeys(("own", "given"), socket_asks.socket),
    "capable": other_asks.capable,
    "kill": other_asks.kill,
    **dict.fromkeys(("trace", "traceme", "peek"), other_asks.trace),
    "setrlimit": other_asks.limit,
    "mount": other_asks.mount,
    "umount": other_asks.umount,
    "pivot_root": other_asks.pivot,
    **dict.fromkeys(("change_profile", "stack", "change_hat"), other_asks.change),
    **dict.fromkeys(("onexec", "stack_onexec"), other_asks.onexec),
    **dict.fromkeys(("userns", "ring", "queue"), other_asks.unmediated),
}


def asks(case: Case, by_peer: bool = False) -> Asks:
    """The questions of an act, in the order of the kernel.

    With `by_peer` it asks about unix sockets where two of them meet (`network_v9/af_unix`).
    """
    what, *words = case.act
    if by_peer and what in ("own", "given") and words[0] == "1":
        yield from unix_asks.socket(case, words, files_of(case))
    elif by_peer and case.act[:2] == ("held", "receive"):
        yield from unix_asks.received(case, words, files_of(case))
    else:
        yield from _ASKS[what](case, words, files_of(case))
