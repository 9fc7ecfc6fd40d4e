"""The profiles of a bundle: found by name or by executable, with what matches their keys."""

from __future__ import annotations

from itertools import pairwise

from lsmc.engine.matcher import Matcher, Node
from lsmc.engine.verdict import UNCONFINED, RequestError, RuleRef, UnknownName
from lsmc.ir.decision import Decision
from lsmc.ir.mediation import MediationClass
from lsmc.modules.apparmor.attachment import Attachments
from lsmc.modules.apparmor.checks import check_executable
from lsmc.modules.apparmor.precedence import decide
from lsmc.modules.apparmor.requests import encode
from lsmc.tables.bundle import Bundle
from lsmc.tables.errors import BundleError
from lsmc.tables.records import Place, ProfileRecord

#: Modes in which rules are not asked.
FREE_MODES = ("unconfined", "default_allow")


def mediates(profile: ProfileRecord, cls: MediationClass, known: bool = False) -> bool:
    """Whether a profile's rules are asked about a class at all.

    `known` says that the kernel does mediate the class, whatever the profile's abi leads to expect.
    """
    return profile.mode not in FREE_MODES and (known or cls.name in profile.mediated)


class EnforcedBundle(Bundle):
    """A bundle whose profiles in complain mode read as enforced."""

    def profile(self, number: int) -> ProfileRecord:
        """The profile of a number."""
        record = super().profile(number)
        return record._replace(mode="enforce") if record.mode == "complain" else record


class Profiles:
    """The profiles of one bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.attachments = Attachments(bundle)
        self._matchers: dict[int, Matcher] = {}
        self._refs: dict[tuple[int, int, tuple[int, ...]], RuleRef] = {}
        self._found: dict[str, ProfileRecord] = {}  # names that exist

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the profiles, in order: whoever has one from here can `find` it."""
        names = tuple(self.bundle.profile_name(n) for n in range(self.bundle.profiles))
        keys = [encode(name) for name in names]
        if not all(one < other for one, other in pairwise(keys)):
            raise BundleError("the profiles are not in order")
        return names

    def components(self, subject: str) -> list[ProfileRecord]:
        """The profiles of a subject; none for one that is not confined.

        A subject is a profile's name, a stack `A//&B`, or the path of an executable, which gets the
        profile that attaches to it.  Raises `UnknownName`.
        """
        found = []
        for part in subject.split("//&"):
            if part == UNCONFINED:
                continue
            profile = self.find(part)
            if profile is None and part.startswith("/"):
                check_executable(part)
                profile, clashing = self.attachments.find(encode(part))
                if clashing:
                    names = " and ".join(f"`{p.full_name}`" for p in clashing)
                    raise RequestError(f"{names} attach to `{part}` with equal rank")
                if profile is None:
                    continue
            if profile is None:
                raise UnknownName("profile", part, self.names)
            found.append(profile)
        return found

    def find(self, name: str) -> ProfileRecord | None:
        """The profile of a name, `:ns:name` written either way, or None."""
        known = self._found.get(name)
        if known is not None:
            return known
        number = self.bundle.find_profile(name)
        if number is None and name.startswith(":") and "://" not in name:
            namespace, _, local = name[1:].partition(":")
            number = self.bundle.find_profile(f":{namespace}://{local}")
        if number is None:
            return None
        found = self._found[name] = self.bundle.profile(number)
        return found

    def matcher(self, profile: ProfileRecord) -> Matcher:
        """The matcher of a profile, kept for the next request."""
        matcher = self._matchers.get(profile.number)
        if matcher is None:
            matcher = self._matchers[profile.number] = Matcher(self.bundle, profile, decide)
        return matcher

    def refs(
        self, profile: ProfileRecord, node: Node, decision: Decision, mask: int
    ) -> tuple[RuleRef, ...]:
        """The rules that decided some permissions, strongest first, each once."""
        wanted = {rule: None for bits, rule in decision.winners if bits & mask}
        if not wanted:
            return ()
        matches = {match.rule.facts.id: match for match in self.matcher(profile).matched(node)}
        refs = (self.ref(profile, matches[rule].rule.place, matches[rule].via) for rule in wanted)
        return tuple(dict.fromkeys(refs))

    def ref(self, profile: ProfileRecord, place: int, via: tuple[int, ...]) -> RuleRef:
        """A rule for people, kept for the next request."""
        key = (profile.number, place, via)
        if key not in self._refs:
            self._refs[key] = self._ref(profile, place, via)
        return self._refs[key]

    def _ref(self, profile: ProfileRecord, place: int, via: tuple[int, ...]) -> RuleRef:
        where: Place = self.bundle.place(place)
        chain = tuple(f"{p.file}:{p.line}" for p in (self.bundle.place(number) for number in via))
        return RuleRef(profile.full_name, where.file, where.line, where.column, where.text, chain)
