"""Questions about a policy and answers to them, in a form that does not tell who answers."""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """The permissions that rules give: `audit` of allowed ones, `quiet` of refused ones."""

    allow: frozenset[str] = frozenset()
    audit: frozenset[str] = frozenset()
    quiet: frozenset[str] = frozenset()
    extra: object = None
    mediated: bool = True

    def only(self, *names: str) -> Answer:
        """What it says of some permissions."""
        return self._replace(
            allow=self.allow.intersection(names),
            audit=self.audit.intersection(names),
            quiet=self.quiet.intersection(names),
        )

    def __str__(self) -> str:
        if not self.mediated:
            return "not mediated"
        allow, audit, quiet = (" ".join(sorted(s)) or "-" for s in self[:3])
        extra = f" -> {self.extra}" if self.extra is not None else ""
        return f"allow {allow}; audit {audit}; quiet {quiet}{extra}"


FREE = Answer(mediated=False)


class Xindex(NamedTuple):
    """An exec transition as the kernel stores it."""

    kind: str  # "", "name" or "table"
    target: str
    child: bool
    inherit: bool
    unconfined: bool
    unsafe: bool


class Question(NamedTuple):
    """One question: the class, the object as people write it, the owner flag and further fields.

    Besides the mediation classes there are `exec` (where an execution leads), `link test` (whether
    a link may be made), `attach` (the profile of an executable) and `profile` (its head).
    """

    profile: str
    cls: str
    object: str = ""
    owner: bool = True
    fields: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        extra = "".join(f" {name}={value!r}" for name, value in self.fields)
        who = "" if self.owner else " (other)"
        return f"{self.profile}: {self.cls} {self.object!r}{extra}{who}"

    @property
    def raw(self) -> bytes:
        """The object as bytes."""
        return to_bytes(self.object)

    def field(self, name: str) -> bytes:
        """A further field as bytes; empty when it is not given."""
        return to_bytes(dict(self.fields).get(name, ""))


def to_text(value: bytes) -> str:
    """Bytes as the API takes them."""
    return value.decode("utf-8", "surrogateescape")


def to_bytes(value: str) -> bytes:
    """The bytes of a text."""
    return value.encode("utf-8", "surrogateescape")
