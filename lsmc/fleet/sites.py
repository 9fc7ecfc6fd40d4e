"""Which hosts run which policy: `--policies MAP.toml`.

[[site]]
hosts = ["web*", "cache1"]
old = "web/2026-10"
new = "web/2026-11"
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from lsmc.base.errors import Error, hint
from lsmc.base.toml import TomlError, parse

#: The number of hosts that no site names.
NOWHERE = -1
_KEYS = ("hosts", "old", "new")


class Site(NamedTuple):
    """Hosts by globs of their names, and the policy that they run and are to run."""

    hosts: tuple[str, ...]
    old: str
    new: str


class MapError(Error):
    """A map of policies cannot be used; the message says where and why."""


def read_map(path: str, data: bytes) -> list[Site]:
    """The sites of a map, paths relative to its directory; raises `MapError`."""
    try:
        table = parse(data)
    except TomlError as fault:
        raise MapError(f"{path}:{fault.line}:{fault.column}: {fault}") from None
    for key in table:
        if key != "site":
            raise MapError(f"`{path}`: no setting `{key}`{hint(key, ('site',))}")
    listed = table.get("site")
    if not isinstance(listed, list) or not listed:
        raise MapError(f"`{path}`: write a `[[site]]` for each group of hosts")
    return [_site(path, number, one) for number, one in enumerate(listed, 1)]


def _site(path: str, number: int, table: Any) -> Site:
    where = f"`{path}`, site {number}"
    if not isinstance(table, Mapping):
        raise MapError(f"{where}: not a table")
    for key in table:
        if key not in _KEYS:
            raise MapError(f"{where}: no key `{key}`{hint(key, _KEYS)}")
    folder = posixpath.dirname(path)
    hosts = list(_texts(where, table, "hosts"))
    old, new = (next(_texts(where, table, key)) for key in ("old", "new"))
    return Site(tuple(hosts), posixpath.join(folder, old), posixpath.join(folder, new))


def _texts(where: str, table: Mapping[str, Any], key: str) -> Iterator[str]:
    value = table.get(key)
    several = value if isinstance(value, list) and key == "hosts" else [value]
    if not several:
        raise MapError(f"{where}: `{key}` is empty")
    for one in several:
        if not isinstance(one, str) or not one:
            raise MapError(f"{where}: `{key}` is missing or not a text")
        yield one


def site_of(globs: Sequence[Sequence[str]], host: str) -> int:
    """The number of the first site with a glob that matches a host, else `NOWHERE`."""
    for number, some in enumerate(globs):
        if any(fnmatchcase(host, glob) for glob in some):
            return number
    return NOWHERE
