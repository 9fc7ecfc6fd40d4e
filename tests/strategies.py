"""Random AppArmor policy, small enough to hold against the reference, and objects near to it.

Policy texts are drawn so that they compile: execution modes never clash, since wildcard rules of
one policy share a mode and each literal path has one of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from lsmc.compiler.inputs import DiskFiles, Options
from lsmc.ir.model import Policy as IrPolicy
from lsmc.ir.model import Profile
from lsmc.modules.apparmor.build.driver import bundle
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.classes import BY_NAME, MODULE
from lsmc.policy import Policy

PREAMBLE = "@{V}=/v /w/x\n@{W}=a b*\n@{ONE}=/one\n"
HEAD = "profile p /bin/p{,x}"
OTHERS = """
profile q /bin/q { /q r, }
profile r /bin/* { deny /r w, }
profile abc /bin/abc { }
"""
CHILDREN = "  profile kid /bin/kid { /k r, }\n  ^hat { }\n"

_parts = st.sampled_from(
    [
        "a",
        "b",
        "ab",
        "*",
        "**",
        "a*",
        "*b",
        "?",
        "[ab]",
        "[^a]b",
        "{a,b}",
        "{,a}b",
        "a?",
        "c",
        "[a-c]*",
    ]
)
_literal_parts = st.sampled_from(["a", "b", "ab", "abc"])
_starts = st.sampled_from(["/", "/", "/", "/a/", "@{V}/", "@{ONE}/"])
_ends = st.sampled_from(["", "", "", "/", "/**", "/@{W}"])


@st.composite
def globs(draw: st.DrawFn) -> str:
    """A path with wildcards, variables and alternations."""
    parts = draw(st.lists(_parts, min_size=1, max_size=2))
    return draw(_starts) + "/".join(parts) + draw(_ends)


@st.composite
def literals(draw: st.DrawFn) -> str:
    """A path without wildcards."""
    return "/" + "/".join(draw(st.lists(_literal_parts, min_size=1, max_size=2)))


_priorities = st.sampled_from(["", "", "", "", "priority=1 ", "priority=-2 "])
_audits = st.sampled_from(["", "", "", "audit "])
_effects = st.sampled_from(["", "", "", "allow ", "deny ", "deny "])
_owners = st.sampled_from(["", "", "", "owner ", "other "])
_perms = st.lists(st.sampled_from("rwkml"), min_size=1, max_size=3, unique=True)
_append = st.lists(st.sampled_from("rakm"), min_size=1, max_size=3, unique=True)
MODES = (
    "ix",
    "px",
    "Px",
    "cx",
    "ux",
    "Ux",
    "pix",
    "Cix",
    "pux",
    "CUx",
    "px -> q",
    "Pix -> nobody",
    "cx -> kid",
    "Cux -> nokid",
    "px -> &q",
)


@st.composite
def _file_rule(draw: st.DrawFn) -> str:
    prefix = draw(_priorities) + draw(_audits) + draw(_effects) + draw(_owners)
    path = draw(st.one_of(globs(), literals()))
    perms = "".join(draw(st.one_of(_perms, _append)))
    if "deny" in prefix and draw(st.booleans()):
        perms += "x"
    return f"{prefix}{path} {perms},"


_wild = st.sampled_from(["/**", "/a**", "/*", "/a/*", "/{a,b}*", "/?b", "/[^b]", "/@{W}"])


@st.composite
def _exec_rules(draw: st.DrawFn) -> list[str]:
    """Rules with exec modes that do not clash: one mode for wildcards, one for each literal."""
    shared = draw(st.sampled_from(MODES))
    wild = draw(st.lists(_wild, min_size=1, max_size=2))
    rules = [f"{draw(_audits)}{path} {shared}," for path in wild]
    paths = draw(st.lists(literals(), min_size=1, max_size=3, unique=True))
    for path in paths:
        mode = draw(st.sampled_from(MODES))
        rules.append(f"{draw(_audits)}{draw(_owners)}{path} r{mode},")
    return rules


_link = st.builds(
    "{}{}link {}{} -> {},".format,
    _priorities,
    _effects,
    st.sampled_from(["", "subset "]),
    globs(),
    globs(),
)
_capability = st.builds(
    "{}{}capability {},".format,
    _audits,
    _effects,
    st.sampled_from(["", "kill", "chown", "kill setuid", "sys_admin", "bpf"]),
)
_network = st.builds(
    "{}{}network {},".format,
    _audits,
    _effects,
    st.sampled_from(["", "inet", "inet stream", "dgram", "unix", "netlink raw", "tcp", "icmp"]),
)
_peers = st.sampled_from(["", "peer=a", "peer=a//*", "peer=@{profile_name}", "peer=**b"])
_signal = st.builds(
    "{}{}{}signal {} {} {},".format,
    _priorities,
    _audits,
    _effects,
    st.sampled_from(["", "send", "(send receive)", "receive"]),
    st.sampled_from(["", "set=(kill)", "set=(hup term)", "set=(rtmin+3 exists)"]),
    _peers,
)
_ptrace = st.builds(
    "{}{}{}ptrace {} {},".format,
    _priorities,
    _audits,
    _effects,
    st.sampled_from(["", "read", "(trace tracedby)", "readby"]),
    _peers,
)
_change = st.builds(
    "{}change_profile {},".format,
    _effects.map(lambda effect: effect.replace("allow", "")),
    st.sampled_from(["", "-> q", "-> a*", "/bin/* -> q", "-> :ns:q", "-> a//b"]),
)
_include = st.sampled_from(["include <inc/one>", "include <inc/two>"])
INCLUDES = {
    "/base/inc/one": "  /inc/** r,\n  deny /a/b w,\n  include <inc/two>\n",
    "/base/inc/two": "  owner @{V}/* rw,\n  capability setuid,\n",
}


@dataclass(frozen=True)
class Text:
    """A policy text, and the rules of its profile `p` one by one."""

    rules: tuple[str, ...]

    def __str__(self) -> str:
        body = "".join(f"  {rule}\n" for rule in self.rules)
        return f"{PREAMBLE}{HEAD} {{\n{body}{CHILDREN}}}\n{OTHERS}"

    def with_rules(self, rules: Sequence[str]) -> Text:
        """The same policy with other rules in its profile `p`."""
        return Text(tuple(rules))


@st.composite
def policies(draw: st.DrawFn) -> Text:
    """A policy text."""
    rules = draw(st.lists(_file_rule(), max_size=5))
    if draw(st.booleans()):
        rules += draw(_exec_rules())
    other = st.one_of(_link, _capability, _network, _signal, _ptrace, _change, _include)
    rules += draw(st.lists(other, max_size=5))
    return Text(tuple(rules))


_names = st.sampled_from(["a", "b", "ab", "abc", "c", "v", "one"])


@st.composite
def paths(draw: st.DrawFn) -> str:
    """A path near the patterns of policies."""
    parts = draw(st.lists(_names, min_size=1, max_size=3))
    return "/" + "/".join(parts) + draw(st.sampled_from(["", "", "", "/"]))


SIGNALS = ("kill", "hup", "term", "rtmin+3", "exists", "usr1")
PEERS = ("a", "p", "a//b", "xb", "x/b", "unconfined", "q", "abc")

#: Questions about the other classes: (class, object, further fields).
Question = tuple[str, str, dict[str, str]]


def questions() -> st.SearchStrategy[Question]:
    """A question about any class that policies speak of."""
    peers = st.sampled_from(PEERS)
    capabilities = st.sampled_from(["kill", "chown", "setuid", "sys_admin", "bpf", "sys_time"])
    return st.one_of(
        paths().map(lambda path: ("file", path, {})),
        paths().map(lambda path: ("file", path, {})),
        st.builds(lambda new, old: ("link", new, {"target": old}), paths(), paths()),
        capabilities.map(lambda name: ("capability", name, {})),
        st.builds(
            lambda family, kind: ("network", family, {"type": kind, "protocol": ""}),
            st.sampled_from(["inet", "inet6", "unix", "netlink"]),
            st.sampled_from(["stream", "dgram", "raw"]),
        ),
        st.builds(
            lambda name, peer: ("signal", peer, {"signal": name}), st.sampled_from(SIGNALS), peers
        ),
        peers.map(lambda peer: ("ptrace", peer, {})),
        peers.map(lambda peer: ("change_profile", peer, {})),
        st.builds(lambda path, peer: ("onexec", peer, {"exec": path}), paths(), peers),
    )


class Files(DiskFiles):
    """A file system in memory."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    def read(self, path: str) -> bytes:
        """The content of a file; OSError where there is none."""
        if path not in self.files:
            raise FileNotFoundError(2, "no such file", path)
        return self.files[path].encode()

    def entries(self, path: str) -> list[str] | None:  # noqa: ARG002 - the signature is given
        """No directories."""
        return None

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        return path in self.files


OPTIONS = Options("/base")


def compile_both(text: object) -> tuple[IrPolicy, bytes]:
    """The IR and the bundle of a policy text; raises `PolicyError`."""
    files = Files({**INCLUDES, "/policy": str(text)})
    compiled = front_end(OPTIONS, files).compile("/policy")
    data, _ = bundle(list(compiled.profiles), list(compiled.diagnostics))
    return IrPolicy(MODULE, compiled.profiles), data


def compile_policy(text: object) -> Policy:
    """The compiled policy of a text; raises `PolicyError`."""
    return Policy(compile_both(text)[1])


def profile_of(policy: IrPolicy, name: str) -> Profile:
    """A profile of the IR by its name."""
    return next(profile for profile in policy.profiles if profile.full_name == name)


__all__ = ["BY_NAME", "Text", "compile_both", "compile_policy", "policies", "questions"]
