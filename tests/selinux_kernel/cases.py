"""Questions for a kernel with SELinux, and what it answers."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote_plus

#: The file of selinuxfs that answers each kind of question.
FILES = {
    "access": "access",
    "transition": "create",
    "member": "member",
    "change": "relabel",
    "context": "context",
    "validatetrans": "validatetrans",
}


class Question(NamedTuple):
    """A question about a policy.

    Attributes:
        kind: one of `FILES`.
        contexts: of the subject and the object; the old, the new and the task's for
            `validatetrans`; one for `context`.
        cls: the class, "" for `context`.
        extra: the permissions to ask `Policy.query` about; the name of the new object for
            `transition`, or nothing.
    """

    kind: str
    contexts: tuple[str, ...]
    cls: str
    extra: tuple[str, ...] = ()

    def words(self) -> tuple[str, str, str, str]:
        """The file, what stands before the number of the class, the class, what stands after."""
        before, after = " ".join(self.contexts[:2]), " ".join(self.contexts[2:])
        if self.kind == "transition" and self.extra:
            after = quote_plus(self.extra[0])
        return FILES[self.kind], before, self.cls, after


class Block(NamedTuple):
    """Questions under one setting of booleans; those that are not named are as the policy says."""

    booleans: dict[str, bool]
    questions: tuple[Question, ...]


class Group(NamedTuple):
    """A policy in CIL with its questions: `name` says where the text is from."""

    name: str
    text: str
    blocks: tuple[Block, ...]


class Answer(NamedTuple):
    """What the kernel says: an error number or 0, whether it takes its answer, and the answer."""

    errno: int
    valid: bool
    text: str


class Classes(NamedTuple):
    """The classes of a loaded policy: the number of each permission (from 1) by class and name."""

    permissions: dict[str, dict[str, int]]

    def names(self, cls: str, mask: int) -> frozenset[str]:
        """The permissions whose bits are set."""
        known = self.permissions[cls]
        return frozenset(name for name, number in known.items() if mask >> number - 1 & 1)


class Performed(NamedTuple):
    """A group, the classes of its policy in the kernel, and the answers in order."""

    group: Group
    classes: Classes
    answers: tuple[Answer, ...]
