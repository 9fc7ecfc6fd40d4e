"""The questions of the kernel about files (security/apparmor/lsm.c, file.c)."""

from __future__ import annotations

from tests.kernel.ask import Ask, Asks, Files, on_file
from tests.kernel.cases import Case


def opened(case: Case, words: list[str], files: Files) -> Asks:
    """A file is opened, and perhaps made before."""
    mode, path = words
    if path in files and files[path].kind == "l":
        path = files[path].text  # what a symbolic link leads to is asked about
    if "c" in mode:
        yield on_file(case, files, "create", "mknod", path)
        yield on_file(case, files, "write", "open", path)._replace(context=None)
        return
    names = {"r": "open", "rR": "read", "w": "write", "wW": "write", "wa": "append"}
    letters = "".join(c for c in mode if c in "rw")
    yield on_file(case, files, names.get(mode, letters), "open", path)
    if "t" in mode:
        yield on_file(case, files, "truncate", "truncate", path)


def lock(case: Case, words: list[str], files: Files) -> Asks:
    """A file is opened and locked."""
    kind, path = words
    exclusive = kind == "exclusive"
    yield on_file(case, files, "rw" if exclusive else "open", "open", path)
    yield on_file(case, files, "wk" if exclusive else "lock", "file_lock", path)


def mapped(case: Case, words: list[str], files: Files) -> Asks:
    """A file is opened and mapped to execute."""
    yield on_file(case, files, "open", "open", words[0])
    operation = "file_mmap" if case.act[0] == "map" else "file_mprotect"
    yield on_file(case, files, "rm", operation, words[0])


def rename(case: Case, words: list[str], files: Files) -> Asks:
    """A file gets another name: two questions, which are one of ours."""
    old, new = words
    parts = (
        on_file(case, files, "rw", "rename_src", old),
        on_file(case, files, "w", "rename_dest", new, old),
    )
    whole = on_file(case, files, "rename", "rename", old)
    yield whole._replace(fields={"target": new}, parts=parts)


def link(case: Case, words: list[str], files: Files) -> Asks:
    """A file gets a second name."""
    old, new = words
    yield on_file(case, files, "link", "link", new, old)._replace(fields={"target": old})


def last(case: Case, words: list[str], files: Files) -> Asks:
    """An act that is called as its operation and ends in the path that it is about."""
    yield on_file(case, files, case.act[0], case.act[0], words[-1])


def letters_of(mode: str) -> str:
    """What is asked of a descriptor that was opened in a mode."""
    return "ra" if mode == "rwa" else "a" if "a" in mode else mode


def held(case: Case, words: list[str], files: Files) -> Asks:
    """A descriptor that another profile opened is used, received or inherited."""
    how, mode, path, _, *rest = words
    letters = letters_of(mode)
    match how:
        case "read" | "write":
            yield on_file(case, files, how, "file_perm", path)
        case "lock":
            yield on_file(case, files, "lock", "file_lock", path)
        case "map":
            yield on_file(case, files, "rm", "file_mmap", path)
        case "receive":
            fields = {"family": "unix", "type": "stream"}
            yield Ask(case.subject, "receive", "unix", "recvmsg", fields=fields)
            yield on_file(case, files, letters, "file_receive", path)
        case _:
            yield on_file(case, files, "exec", "exec", rest[0])
            heir = case._replace(subject=rest[1])
            yield on_file(heir, files, letters, "file_inherit", path)._replace(refusal=0)
