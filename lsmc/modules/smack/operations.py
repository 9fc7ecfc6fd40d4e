"""Operations: which access each asks, of its object and of what else takes part.

Sources: the kernel's security/smack/smack_lsm.c, whose functions are named without their `smack_`,
and what a kernel 6.1 with Smack was seen to ask.  Opening a file asks `r` whatever the mode
(`smack_file_open`), after what the mode asks (`smack_inode_permission`): so writing asks `w`, then
`r`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from lsmc.ir.operation import Operation
from lsmc.modules.smack.labels import LETTERS, read_access

#: The class of a question that is asked by letters.
ACCESS = "access"
#: The fields that name the label of something else that takes part in an operation.
DIRECTORY, NEW_DIRECTORY, TARGET = "directory", "new_directory", "target"


class Check(NamedTuple):
    """Access that an operation asks of a label beside that of its object.

    Attributes:
        field: the field of a question that gives the label.
        letters: the access.
    """

    field: str
    letters: str


class Asks(NamedTuple):
    """What an operation asks.

    Attributes:
        operation: its name, its class, the letters asked of the object, and its hook.
        apart: the letters of each request to the object, where there are several.
        also: what it asks of others, where the question names their labels.
        by_sockets: the labels of sockets are compared, both ways if `mutual`: a task's own rules
            do not count.
        fields: other fields that a question may have.
        unreported: whether a success that is reported is a refusal.
    """

    operation: Operation
    apart: tuple[str, ...] = ()
    also: tuple[Check, ...] = ()
    by_sockets: bool = False
    mutual: bool = False
    fields: tuple[str, ...] = ()
    unreported: bool = False


def _operation(
    cls: str, name: str, letters: str, hook: str, summary: str, audit: str = ""
) -> Operation:
    functions = tuple(f"smack_{one}" for one in (hook, *audit.split()) if one)
    return Operation(name, cls, tuple(letters), hook, functions, summary)


def _file(name: str, letters: str, hook: str, summary: str, audit: str = "") -> Asks:
    return Asks(_operation("inode", name, letters, hook, summary, audit))


def _opened(name: str, letters: str, hook: str, summary: str, *fields: str) -> Asks:
    """What a file is opened for asks the letters, and the opening `r`."""
    operation = _operation("inode", name, f"r{letters}", hook, summary)
    return Asks(operation, (letters, "r"), fields=fields)


def _in_directory(
    name: str, letters: str, hook: str, summary: str, *more: Check, audit: str = ""
) -> Asks:
    operation = _operation("inode", name, letters, hook, summary, audit)
    return Asks(operation, also=(Check(DIRECTORY, "wx"), *more))


def _new(name: str, hook: str, summary: str) -> Asks:
    """Something is made in a directory, which is the object."""
    return Asks(_operation("directory", name, "wx", hook, summary), fields=("transmute",))


def _task(name: str, letters: str, hook: str, summary: str, *fields: str) -> Asks:
    return Asks(_operation("task", name, letters, hook, summary), fields=fields)


def _trace(name: str, letters: str, summary: str) -> Asks:
    operation = _operation("task", name, letters, "ptrace_access_check", summary)
    return Asks(operation, unreported=True)


def _ipc(name: str, letters: str, hook: str, summary: str, *fields: str) -> Asks:
    return Asks(_operation("ipc", name, letters, hook, summary), fields=fields)


def _socket(name: str, hook: str, summary: str, *, mutual: bool = False) -> Asks:
    return Asks(_operation("unix", name, "w", hook, summary), by_sockets=True, mutual=mutual)


ASKS: tuple[Asks, ...] = (
    _file("open", "r", "file_open", "open for reading"),
    _file("read", "r", "file_open", "open for reading"),
    _opened("write", "w", "inode_permission", "open for writing"),
    _opened("append", "wa", "inode_permission", "open with O_APPEND, which asks w and a"),
    _opened("exec", "x", "bprm_creds_for_exec", "execute a program", "exec_label"),
    _file("search", "x", "inode_permission", "look up a name in a directory"),
    _file("readdir", "r", "file_open", "list a directory"),
    _file("lock", "l", "file_lock", "flock or fcntl lock", "file_fcntl"),
    _file("mmap_exec", "", "mmap_file", "map a program that has no label of its own for it"),
    _file("ioctl_read", "r", "file_ioctl", "ioctl that gives something back"),
    _file("ioctl_write", "w", "file_ioctl", "ioctl that takes something"),
    _file("getattr", "r", "inode_getattr", "stat"),
    _file("getxattr", "r", "inode_getxattr", "read an extended attribute"),
    _file("setxattr", "w", "inode_setxattr", "write an extended attribute", "inode_removexattr"),
    _file("statfs", "r", "sb_statfs", "the object is the floor label of the mount"),
    _file("chmod", "w", "inode_setattr", "change the mode"),
    _file("chown", "w", "inode_setattr", "change owner or group"),
    _file("truncate", "w", "inode_setattr", "change the length"),
    _file("utime", "w", "inode_setattr", "change the times"),
    _in_directory("link", "w", "inode_link", "make a hard link; `directory=` gets the new name"),
    _in_directory("unlink", "w", "inode_unlink", "remove a file"),
    _in_directory("rmdir", "w", "inode_rmdir", "remove a directory"),
    _in_directory(
        "rename",
        "rw",
        "inode_rename",
        "`new_directory=` gets the new name, `target=` is what it replaces",
        Check(NEW_DIRECTORY, "wx"),
        Check(TARGET, "rw"),
    ),
    _new("create", "inode_init_security", "make a file; the object is the directory"),
    _new("mkdir", "inode_init_security", "make a directory; the object is the one above"),
    _new("mknod", "inode_init_security", "make a device, fifo or socket in a directory"),
    _new("symlink", "inode_init_security", "make a symbolic link in a directory"),
    _task("signal_send", "w", "task_kill", "send a signal; signal 0 asks nothing", "signal"),
    _trace("ptrace_trace", "rw", "attach to a task; a rule with `b` makes it fail"),
    _trace("ptrace_read", "r", "read the state of a task; likewise"),
    _task("setpgid", "w", "task_setpgid", "set a process group"),
    _task("getpgid", "r", "task_getpgid", "ask for a process group"),
    _task("getsid", "r", "task_getsid", "ask for a session"),
    _task("setpriority", "w", "task_setnice", "set a priority"),
    _task("setioprio", "w", "task_setioprio", "set a priority of input and output"),
    _task("getioprio", "r", "task_getioprio", "ask for a priority of input and output"),
    _task("setscheduler", "w", "task_setscheduler", "set a scheduler"),
    _task("getscheduler", "r", "task_getscheduler", "ask for a scheduler"),
    _task("movememory", "w", "task_movememory", "move memory of a task"),
    _ipc("ipc_get", "", "ipc_permission", "shmget, msgget, semget; asks as `mode=` says", "mode"),
    _ipc("ipc_stat", "r", "shm_shmctl", "IPC_STAT"),
    _ipc("ipc_set", "rw", "shm_shmctl", "IPC_SET, SHM_LOCK"),
    _ipc("ipc_remove", "rw", "shm_shmctl", "IPC_RMID"),
    _ipc("shmat", "rw", "shm_shmat", "attach shared memory"),
    _ipc("shmat_read", "r", "shm_shmat", "attach shared memory to read it"),
    _ipc("semop", "rw", "sem_semop", "operate on semaphores, whatever it is"),
    _ipc("msgsnd", "w", "msg_queue_msgsnd", "put a message in a queue"),
    _ipc("msgrcv", "rw", "msg_queue_msgrcv", "take a message from a queue"),
    _socket("connect", "unix_stream_connect", "UNIX socket; asks w in both ways", mutual=True),
    _socket("send", "unix_may_send", "UNIX datagram"),
)
OPERATIONS = tuple(one.operation for one in ASKS)
CLASSES = tuple(dict.fromkeys((ACCESS, *(one.cls for one in OPERATIONS))))
#: What people and records call operations besides.
_ALIASES = {
    "chdir": "search",
    "execve": "exec",
    "flock": "lock",
    "kill": "signal_send",
    "msgget": "ipc_get",
    "ptrace": "ptrace_trace",
    "removexattr": "setxattr",
    "semget": "ipc_get",
    "setattr": "chmod",
    "shmget": "ipc_get",
    "stat": "getattr",
}
_BY_NAME = {one.operation.name: one for one in ASKS}
#: What asks at a kernel function, by its name in records.
_FUNCTIONS: dict[str, list[Asks]] = {}
for _one in ASKS:
    for _function in _one.operation.audit:
        _FUNCTIONS.setdefault(_function, []).append(_one)


@lru_cache(maxsize=1 << 10)
def named(word: str) -> Asks | None:
    """What an operation asks, by its name, or that of its kernel function; letters as well.

    A function at which operations ask for different letters is no name for one.
    """
    found = _BY_NAME.get(_ALIASES.get(word, word))
    if found is not None:
        return found
    by_function = _FUNCTIONS.get(word, [])
    if len({one.operation.perms for one in by_function}) == 1:
        return by_function[0]
    return by_letters(word)


def by_letters(word: str) -> Asks | None:
    """The question for access letters; None for another word."""
    access = read_access(word)
    if not word or access.ignored:
        return None
    perms = tuple(letter for at, letter in enumerate(LETTERS) if access.bits >> at & 1)
    return Asks(Operation(word, ACCESS, perms, "smk_access"))
