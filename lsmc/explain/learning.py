"""Policy learnt from logs: what a user wants, what may be asked, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from lsmc.base.errors import Error
from lsmc.logs.record import LogPlace


class CannotLearn(Error):
    """No policy can be drafted from these records, or the draft did not stand its checks."""


class LearningRequest(NamedTuple):
    """What to learn, and how.

    Attributes:
        name: the subject to learn; all that the log speaks of when empty.
        executable: the program that the subject attaches to; told by the policy or the log when
            empty.
        folder: the directory that new files of policy go to.
        exact: whether rules are for the very objects of the records, not for their kind.
    """

    name: str = ""
    executable: str = ""
    folder: str = ""
    exact: bool = False


class Choice(NamedTuple):
    """A decision that a user may take: what is asked, the answers with their meaning, and the
    answer that is taken unasked.
    """

    question: str
    answers: tuple[tuple[str, str], ...]
    default: str


#: Takes a decision; gives one of its answers.
Choose = Callable[[Choice], str]


def unasked(choice: Choice) -> str:
    """The answer to a decision that nobody is asked for."""
    return choice.default


class Left(NamedTuple):
    """Records of which no rule was made: how many, the place of the first, and the reason."""

    source: LogPlace | None
    records: int
    reason: str


class LearntFile(NamedTuple):
    """A file of policy with what was learnt; `old` is None for a new file.

    The texts are byte texts: one character a byte.
    """

    path: str
    old: str | None
    new: str


class Learnt(NamedTuple):
    """What was learnt: the files, what a person should know of them, and what was left out.

    `hazards` are pairs of a rule and what it opens, a word of `lsmc.explain.hazards`.
    """

    files: tuple[LearntFile, ...]
    remarks: tuple[str, ...] = ()
    hazards: tuple[tuple[str, str], ...] = ()
    left: tuple[Left, ...] = ()


class Learner(Protocol):
    """Learns from records; memory does not grow with their number."""

    def add(self, record: Any) -> None:
        """Take a record in; raises `CannotLearn` when there are too many different ones."""

    def learnt(self, choose: Choose) -> Learnt:
        """What was learnt, after all checks; raises `CannotLearn`."""
