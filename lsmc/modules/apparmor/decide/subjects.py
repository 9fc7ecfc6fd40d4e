"""The profiles of a bundle: found by name or by executable, with what matches their keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from lsmc.base.text import encode
from lsmc.engine.matcher import Matcher
from lsmc.engine.profiles import ProfileTables
from lsmc.engine.verdict import UNCONFINED, RequestError, UnknownName
from lsmc.ir.mediation import MediationClass
from lsmc.modules.apparmor.decide.precedence import decide
from lsmc.modules.apparmor.requests.checks import check_executable
from lsmc.tables.bundle import Bundle
from lsmc.tables.records import ProfileRecord

if TYPE_CHECKING:
    from lsmc.modules.apparmor.decide.attachment import Attachments

#: Modes in which rules are not asked.
FREE_MODES = ("unconfined", "default_allow")
#: Modes that let a program do what no rule allows.
LETTING_MODES = ("complain", *FREE_MODES)


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


class Profiles(ProfileTables):
    """The profiles of one bundle, and what they attach to."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle, decide)

    @cached_property
    def attachments(self) -> Attachments:
        """Which executables the profiles attach to."""
        from lsmc.modules.apparmor.decide.attachment import Attachments

        return Attachments(self.bundle)

    def components(self, subject: str) -> list[ProfileRecord]:
        """The profiles of a subject; none for one that is not confined.

        A subject is a profile's name, a stack `A//&B`, or the path of an executable, which gets the
        profile that attaches to it.  A profile may be called like a stack: then it is meant.
        Raises `UnknownName`.
        """
        found = []
        called = "//&" in subject and self.find(subject) is not None
        for part in (subject,) if called else subject.split("//&"):
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
                from lsmc.modules.apparmor.origins import made

                raise UnknownName("profile", part, self.subjects, made(part))
            found.append(profile)
        return found

    def find(self, name: str) -> ProfileRecord | None:
        """The profile of a name, `:ns:name` written either way, or None."""
        found = super().find(name)
        if found is None and name.startswith(":") and "://" not in name:
            namespace, _, local = name[1:].partition(":")
            found = super().find(f":{namespace}://{local}")
        return found


class VariedProfiles(Profiles):
    """The profiles of a bundle, each matched by another matcher than its own."""

    def __init__(self, profiles: Profiles, vary: Callable[[Matcher], Matcher]) -> None:
        super().__init__(profiles.bundle)
        self._plain = profiles
        self._vary = vary
        self._varied: dict[int, Matcher] = {}

    def matcher(self, profile: ProfileRecord) -> Matcher:
        """The matcher of a profile, kept for later requests."""
        matcher = self._varied.get(profile.number)
        if matcher is None:
            matcher = self._varied[profile.number] = self._vary(self._plain.matcher(profile))
        return matcher
