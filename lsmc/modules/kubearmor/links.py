"""Names that are links on nearly every system: the kernel asks of what they lead to."""

from __future__ import annotations

#: Directories that are links, and where they lead (the merged /usr; file-hierarchy(7)).
_LINKS = {
    "/bin/": "/usr/bin/",
    "/sbin/": "/usr/sbin/",
    "/lib/": "/usr/lib/",
    "/lib64/": "/usr/lib64/",
    "/var/run/": "/run/",
    "/var/lock/": "/run/lock/",
}


def real(path: str) -> str:
    """A path without the links that are known; itself where there are none."""
    for link, target in _LINKS.items():
        if path.startswith(link):
            return f"{target}{path[len(link) :]}"
    return path
