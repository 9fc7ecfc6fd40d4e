"""Labels that a policy gives to objects."""

from __future__ import annotations

from typing import Self

from lsmc.engine.verdict import RuleRef


class Label(str):
    """The label of an object: a text, with what it follows from.

    Attributes:
        valid: whether the policy knows such a label; the kernel refuses (EACCES) to make an object
            whose label it does not know.
        rules: the rules that give it; none where it follows from subject and object alone.
        note: why it is this one, for people; may be empty.
    """

    __slots__ = ("note", "rules", "valid")

    valid: bool
    rules: tuple[RuleRef, ...]
    note: str

    def __new__(
        cls, text: str, *, valid: bool = True, rules: tuple[RuleRef, ...] = (), note: str = ""
    ) -> Self:
        """A label of a text."""
        label = super().__new__(cls, text)
        label.valid = valid
        label.rules = rules
        label.note = note
        return label
