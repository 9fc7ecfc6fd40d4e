"""The outcome of a suite."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Result:
    """How many cases came out right, and what went wrong in the others."""

    name: str
    right: int = 0
    wrong: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(self, right: bool, problem: str) -> None:
        """Count a case."""
        if right:
            self.right += 1
        else:
            self.wrong.append(problem)

    @property
    def total(self) -> int:
        """The cases that were judged."""
        return self.right + len(self.wrong)

    def __str__(self) -> str:
        share = 100 * self.right / self.total if self.total else 0.0
        text = f"{self.name}: {self.right}/{self.total} ({share:.2f} %)"
        return f"{text}, {len(self.skipped)} skipped" if self.skipped else text
