"""Tests of a policy as data: what is asked, what is expected, and where that is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from lsmc.base.errors import Error
from lsmc.base.source import Source, Span
from lsmc.base.toml import Path, TomlPlaces

Expect = Literal["allow", "deny", "audit", "complain"]
EXPECTS: tuple[Expect, ...] = ("allow", "deny", "audit", "complain")


class Mistake(NamedTuple):
    """A mistake in a test file: where it is, what is wrong, and what to do."""

    span: Span
    message: str
    help: str = ""


class TestFault(Error):
    """A test file cannot be used; `faults` lists every reason."""

    __test__ = False  # not one of pytest's

    def __init__(self, faults: list[Mistake]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(one.message for one in faults))


class Case(NamedTuple):
    """One question and the answer that it must have.

    Attributes:
        name: what the case is called; with the object, where the case has several.
        request: the question, as `Policy.query_many` takes it.
        expect: the answer.
        by: a rule that must be among those that decide, as `FILE:LINE`; empty for any.
        transition: the subject that an execution must lead to; empty for any.
        path: where the case stands in its file.
    """

    name: str
    request: dict[str, Any]
    expect: Expect
    by: str
    transition: str
    path: Path


class Never(NamedTuple):
    """What no subject may do, save those that are excepted.

    Attributes:
        name: what it is called.
        subject: a shell glob over the names of subjects.
        excepted: globs of subjects for which it is not said.
        op: the operation.
        objects: globs of the module over objects, any of them; anything when there are none.
        fields: such globs for the fields of the operation's class.
        owner: whether the subject owns the object; None when that does not matter.
        path: where it stands in its file.
    """

    name: str
    subject: str
    excepted: tuple[str, ...]
    op: str
    objects: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]]
    owner: bool | None
    path: Path


@dataclass(frozen=True)
class TestFile:
    """A test file: the policy that it is about, and what it says of it; paths as they open.

    `peers` are shell globs of subjects that are not of the policy and may be named as other sides.
    """

    __test__ = False

    source: Source
    policy: tuple[str, ...]
    base: str | None
    module: str | None
    peers: tuple[str, ...]
    cases: tuple[Case, ...]
    nevers: tuple[Never, ...]

    @property
    def path(self) -> str:
        """The path of the file, as it was found."""
        return self.source.path

    @cached_property
    def places(self) -> TomlPlaces:
        """Where its keys and values stand."""
        return TomlPlaces(self.source)

    def line(self, test: Case | Never) -> int:
        """The line on which a test begins."""
        return self.places.key(test.path[:2]).location().line
