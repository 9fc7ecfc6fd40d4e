"""The progress bar on standard error."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextlib.contextmanager
def bar(*, color: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function to call with (stage, done, total); the bar disappears at the end."""
    console = Console(stderr=True, no_color=not color, highlight=False, markup=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        stage = ""

        def report(name: str, done: int, total: int) -> None:
            nonlocal stage
            if name != stage:
                stage = name
                progress.reset(task, description=name, total=total)
            progress.update(task, completed=done)

        yield report
