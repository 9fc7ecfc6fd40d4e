"""Words of a state as entries of a table of permissions, which later kernels read in their place.

An entry has 14 numbers of 32 bits: reserved, allow, deny, subtree, cond, kill, complain, prompt,
audit, quiet, hide, xindex, tag, label (policy_unpack.c, `unpack_perm`).  What a kernel makes of the
two words is what is written (policy_compat.c), so that both forms decide alike; but words do not
tell prompts.
"""

from __future__ import annotations

from lsmc.modules.apparmor.kernel.words import FIRST_TARGET

Entry = tuple[int, ...]

#: Bits of permissions (include/perms.h, include/file.h).
_SETATTR, _GETATTR, _LOCK, _EXEC_MAP, _LINK = 0x100, 0x200, 0x8000, 0x10000, 0x40000
_READ, _WRITE = 0x04, 0x02
_OPEN, _CREATE, _DELETE, _CHMOD, _CHOWN = 0x40, 0x10, 0x20, 0x1000, 0x2000
_GOES_ON, _ON_EXEC, _CHANGE = 0x08000000, 0x20000000, 0x40000000
#: Of how a program is executed (include/file.h, AA_X_*).
_NAME, _TABLE, _UNSAFE = 0x04000000, 0x08000000, 0x10000000
_CHILD, _INHERIT, _UNCONFINED = 0x20000000, 0x40000000, 0x80000000
#: An index without a name: unconfined, attach, and attach to a child.
_INDICES = {0: 0, 1: _UNCONFINED, 2: _NAME, 3: _NAME | _CHILD}
_SET, _OTHER = 0x7F, 14


def file_entries(allow: int, logs: int, prompt: int = 0) -> tuple[Entry, Entry]:
    """The entries of a state of the automaton of files: for the owner of a file, and for others."""
    owner, other = (
        _entry(
            _file(allow >> shift & _SET) | _changes(allow) | _GETATTR,
            _file(prompt >> shift & _SET) | _changes(prompt),
            _file(logs >> shift & _SET),
            _file(logs >> shift + 7 & _SET),
            _execution(allow >> shift & 0x3FFF),
        )
        for shift in (0, _OTHER)
    )
    return owner, other


def other_entry(allow: int, logs: int, prompt: int = 0) -> Entry:
    """The entry of a state of the automaton of all else."""
    goes_on = _GOES_ON if allow >> 28 & 1 else 0
    return _entry(_sets(allow) | _LOCK | goes_on, _sets(prompt), _sets(logs), _sets(logs >> 7))


def _entry(allow: int, prompt: int, audit: int, quiet: int, execution: int = 0) -> Entry:
    return (0, allow, 0, 0, 0, 0, 0, prompt & ~allow, audit, quiet, 0, execution, 0, 0)


def _file(bits: int) -> int:
    """What a kernel makes of seven bits for a file."""
    found = bits & 0x0F
    if bits & _READ:
        found |= _GETATTR | _OPEN
    if bits & _WRITE:
        found |= _SETATTR | _CREATE | _DELETE | _CHMOD | _CHOWN | _OPEN
    for bit, meaning in ((0x10, _LINK), (0x20, _LOCK), (0x40, _EXEC_MAP)):
        found |= meaning if bits & bit else 0
    return found


def _changes(allow: int) -> int:
    return (_CHANGE if allow >> 31 & 1 else 0) | (_ON_EXEC if allow >> 30 & 1 else 0)


def _execution(bits: int) -> int:
    """How a program is executed, of a set of bits for a file."""
    found = 0
    for bit, meaning in ((0x80, _UNCONFINED), (0x100, _UNSAFE), (0x200, _INHERIT)):
        found |= meaning if bits & bit else 0
    index = bits >> 10
    return found | (_INDICES[index] if index < FIRST_TARGET else _TABLE | index - FIRST_TARGET)


def _sets(word: int) -> int:
    """The bits of both sets of a word: the second has attributes, sockets and their options."""
    second = word >> _OTHER & _SET
    return word & _SET | (second & 0x03) << 8 | (second & 0x1C) << 18 | (second & 0x60) << 19
