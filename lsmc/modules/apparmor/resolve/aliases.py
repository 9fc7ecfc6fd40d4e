"""Aliases: text prefixes that stand for others (apparmor.d(5), "Alias rules")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class Aliases:
    """The aliases of a policy file, found by the prefix of a path; equal by their pairs."""

    __slots__ = ("_by_prefix", "_hash", "_lengths", "_prefixes", "matched", "pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Pairs of old and new prefix, each pair once."""
        self.pairs = tuple(dict.fromkeys(pairs))
        self._hash = hash(self.pairs)
        #: The pairs that have matched some text so far, by number.
        self.matched: set[int] = set()
        self._by_prefix: dict[str, list[int]] = {}
        for number, (old, _) in enumerate(self.pairs):
            self._by_prefix.setdefault(old, []).append(number)
        self._lengths = sorted({len(old) for old in self._by_prefix})
        self._prefixes = tuple(self._by_prefix)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Aliases) and self.pairs == other.pairs

    def __hash__(self) -> int:
        return self._hash

    def matching(self, texts: Sequence[str]) -> list[tuple[str, str]]:
        """The aliases whose old prefix starts one of the texts, in order."""
        if not any(text.startswith(self._prefixes) for text in texts):
            return []
        numbers = {
            number
            for text in texts
            for length in self._lengths
            for number in self._by_prefix.get(text[:length], ())
        }
        self.matched |= numbers
        return [self.pairs[number] for number in sorted(numbers)]


NO_ALIASES = Aliases(())
