"""The progress bar on standard error."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text


class _Count(MofNCompleteColumn):
    """How much is done; nothing where nobody counts."""

    def render(self, task: Task) -> Text:
        return super().render(task) if task.total is not None or task.completed else Text()


@contextlib.contextmanager
def bar(*, color: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function to call with (stage, done, total); the bar disappears at the end.

    A total of 0 is one that nobody knows.
    """
    console = Console(stderr=True, no_color=not color, highlight=False, markup=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        _Count(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        stage = ""

        def report(name: str, done: int, total: int) -> None:
            nonlocal stage
            if name != stage:
                stage = name
                progress.reset(task, description=name, total=total or None)
            progress.update(task, completed=done)

        yield report
