"""`lsmc explain --html` and `--format html`: writes reports as HTML pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsmc.cli.faults import UsageFault
from lsmc.cli.outputs import is_stdout, write_output
from lsmc.output.styled import safe

if TYPE_CHECKING:
    from types import ModuleType

    from lsmc.base.source import Source
    from lsmc.cli.screen import Screen


def page_library() -> ModuleType:
    """Import the module that renders pages; a `UsageFault` says what to install if it cannot."""
    try:
        from lsmc.output import page
    except ModuleNotFoundError as missing:
        if missing.name not in ("jinja2", "markupsafe"):
            raise
        raise UsageFault(
            "--html needs the library jinja2, which is not installed: pip install 'lsmc[html]'"
        ) from None
    return page


def write_page(path: str, text: str, screen: Screen) -> None:
    """Write a page; OSError."""
    write_output(path, text.encode("utf-8"))
    if not is_stdout(path):
        screen.remark((safe(path), "where"), ": the report")


class PolicyFiles:
    """Reads current policy files, each once; only those that `--restrict` allows."""

    def __init__(self, restrict: tuple[str, ...] = ()) -> None:
        from lsmc.compiler.inputs import DiskFiles, restricted

        self._files = restricted(DiskFiles(), restrict)
        self._known: dict[str, Source | None] = {}

    def __call__(self, path: str) -> Source | None:
        """The text of a file, None when it cannot be read."""
        if path not in self._known:
            from lsmc.base.source import Source

            try:
                self._known[path] = Source.from_bytes(path, self._files.read(path))
            except (OSError, ValueError):
                self._known[path] = None
        return self._known[path]
