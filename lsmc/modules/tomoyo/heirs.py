"""Which domains lead to which, and domains that policy lacks, which the kernel makes on the way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from lsmc.modules.tomoyo.engine import Domain, Rule, TomoyoEngine
from lsmc.modules.tomoyo.model import Group
from lsmc.modules.tomoyo.names import is_domain, namespace_of
from lsmc.modules.tomoyo.transitions import Next, next_domain
from lsmc.modules.tomoyo.vocabulary import PATH, TASK, Argument

#: Programs in a name that policy lacks which are followed.
_DEEP: Final = 64


class Way(NamedTuple):
    """A line by which tasks leave a domain, the word for the program, and where they come."""

    rule: Rule
    word: str
    next: Next


def ways(engine: TomoyoEngine, domain: Domain) -> Iterator[Way]:
    """The ways out of a domain by its lines, in order."""
    space = namespace_of(domain.name)
    for rule in engine.rules_of(domain, PATH, "execute"):
        operand = rule.acl.arguments[0]
        words = [str(operand)]
        if isinstance(operand, Group):
            members = engine.members(space, Argument.NAME, operand)
            words = [str(one.member.member) for one in members]
        for word in words:
            yield Way(rule, word, next_domain(engine, domain, word, rule.acl.condition.transit))
    for rule in engine.rules_of(domain, TASK, TASK.permissions[0]):
        name = str(rule.acl.arguments[0])
        yield Way(rule, name, next_domain(engine, domain, "", name))


def made_domain(engine: TomoyoEngine, name: str) -> Domain | None:
    """A domain that policy lacks and that the kernel makes; None where no way leads to it.

    It has no lines, and the profile and the groups of the domain from which a program first comes:
    the one whose name it goes on from, else the first of the policy with a line that leads there.
    """
    if not is_domain(name) or name.count(" ") > _DEEP:
        return None
    before = name.rpartition(" ")[0]
    parent = (engine.find(before) or made_domain(engine, before)) if before else None
    if parent is not None and _leads(engine, parent, name):
        return heir(parent, name)
    other = _first_ways(engine).get(name)
    return None if other is None else heir(other, name)


@lru_cache(maxsize=4)
def _first_ways(engine: TomoyoEngine) -> dict[str, Domain]:
    """The domains that lines lead to, each with the first of the policy that has such a line."""
    found: dict[str, Domain] = {}
    for subject in engine.subjects:
        domain = engine.find(subject)
        if domain is not None:
            for way in ways(engine, domain):
                if way.next.ready and namespace_of(way.next.name) == namespace_of(subject):
                    found.setdefault(way.next.name, domain)
    return found


def _leads(engine: TomoyoEngine, domain: Domain, name: str) -> bool:
    """Whether tasks of a domain may come to another that is to be made."""
    if namespace_of(domain.name) != namespace_of(name):
        return False
    if any(way.next.ready and way.next.name == name for way in ways(engine, domain)):
        return True
    profile = engine.profile(namespace_of(domain.name), domain.profile)
    if profile is not None and profile.mode("file", "execute").mode == "enforcing":
        return False
    # any program may be executed, and runs where the transition lines say; of the root, where a
    # system starts, only those that such a line names are taken for programs that there are
    program = name.rpartition(" ")[2]
    after = next_domain(engine, domain, program, "")
    named = after.line is not None or domain.name != namespace_of(domain.name)
    return named and after.name == name


def heir(parent: Domain, name: str) -> Domain:
    """A domain that the kernel makes for a program that is executed in another."""
    rules = tuple(rule for rule in parent.rules if rule.use is not None)
    return Domain(name, parent.profile, parent.groups, (), rules, None, parent.name)
