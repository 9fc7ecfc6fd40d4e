"""Random policy that reaches the corners of the language and mostly compiles.

Names come from a small alphabet, so that rules overlap.  The same seed and version give the same
text.  What 3.0.8 does not know (`priority=`, `userns`, `mqueue`, `io_uring`) is for 4.x only.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

_LITERALS = ("a", "b", "ab", "abc", "b.c", "x-y", "a_b", "12", "c")
_SETS = ("[ab]", "[^a]", "[^ab]", "[a-c]", "[.-0]", "[^a-c]", r"[\]a]", "[a*]", "[b?x]", "[^.]")
_ESCAPES = (r"\{a\}", r"a\*", r"\?", r"\[a\]", r"\x61", r"\052", r"\d98", r"a\,b", r"\\", r"\@a")
_MODES = ("ix", "px", "Px", "ux", "Ux", "pix", "Pix", "pux", "PUx", "cx", "Cx", "cix", "Cux")
_SIGNALS = ("hup", "kill", "term", "usr1", "rtmin+3", "exists", "int", "chld", "rtmin+0")
_CAPABILITIES = ("chown", "kill", "net_admin", "sys_ptrace", "setuid", "bpf", "syslog")
_FAMILIES = ("inet", "inet6", "unix", "netlink", "packet", "bluetooth", "alg", "can")
_TYPES = ("stream", "dgram", "raw", "seqpacket", "rdm", "packet")
_FLAGS = (
    *("ro", "nosuid", "nodev", "noexec", "sync", "mand", "dirsync", "noatime", "nodiratime"),
    *("relatime", "strictatime", "iversion", "silent"),
)
_CLEARED = (
    "rw",
    "suid",
    "dev",
    "exec",
    "async",
    "atime",
    "diratime",
    "norelatime",
    "loud",
    "nomand",
)
_PROPAGATION = (
    "make-private",
    "make-rslave",
    "make-shared",
    "make-runbindable",
    "private",
    "rshared",
)
_TYPES_OF_FILESYSTEMS = (
    "tmpfs",
    "ext4",
    "ext*",
    "{tmpfs,proc}",
    "fuse.?b",
    "(ext3, ext4)",
    "b[ab]",
)
_NAMES = ("p", "q", "a", "kid", "a/b", "x-y", "/bin/a", "q*", "{p,q}", "a//b", "unconfined", "[pq]")


class Generator:
    """One random policy."""

    def __init__(self, rng: random.Random, version: tuple[int, ...]) -> None:
        self.rng = rng
        self.new = version >= (4,)
        self.variables: list[str] = []
        self.wildcard_mode = "ix"
        self.children: list[str] = []

    def policy(self) -> str:
        """The text."""
        rng = self.rng
        lines = self._preamble()
        names = rng.sample(("p", "q", "r", "odd"), rng.choice((1, 1, 2, 3)))
        for name in names:
            lines += self._profile(name)
        return "\n".join(lines) + "\n"

    # --- the file

    def _preamble(self) -> list[str]:
        rng = self.rng
        lines: list[str] = []
        if rng.random() < 0.6:
            for name in ("V", "W", "X")[: rng.randint(1, 3)]:
                values = [self._value() for _ in range(rng.choice((1, 1, 2, 3)))]
                lines.append(f"@{{{name}}}={' '.join(values)}")
                self.variables.append(name)
            if rng.random() < 0.2:
                lines.append(f"@{{V}}+={self._value()}")
        if rng.random() < 0.2:
            lines.append(f"$B={rng.choice(('true', 'false'))}")
        for _ in range(rng.choice((0, 0, 0, 0, 1, 2))):
            ends = rng.choice(("/", "", "/"))
            one, other = rng.sample(("a", "b", "ab", "m/a", "x-y"), 2)
            lines.append(f"alias /{one}{ends} -> /{other}{rng.choice((ends, ends, '/'))},")
        return lines

    def _value(self) -> str:
        rng = self.rng
        made = rng.choice(
            (
                *(
                    "a",
                    "b",
                    "ab",
                    "/a",
                    "/a/",
                    "a/",
                    "a/b",
                    "//a",
                    "/",
                    "{a,b}",
                    "a*",
                    "[ab]",
                    "/b/",
                ),
                '""' if rng.random() < 0.3 else "b",
            )
        )
        if self.variables and rng.random() < 0.2:
            made = made.strip('"')
            made = f"{rng.choice(('', '/', 'a'))}@{{{rng.choice(self.variables)}}}{made}"
        return made

    def _profile(self, name: str, depth: int = 0) -> list[str]:
        rng = self.rng
        self.wildcard_mode = rng.choice(_MODES)
        outer, self.children = self.children, []
        if depth < 2 and rng.random() < (0.35 if depth == 0 else 0.15):
            self.children = rng.sample(("kid", "a", "b"), rng.choice((1, 1, 2)))
        hats = rng.sample(("hat", "HAT"), 1) if depth == 0 and rng.random() < 0.12 else []
        lines = [self._head(name, depth)]
        lines += ["  " + rule for rule in self._rules(rng.randint(2, 9))]
        for child in self.children:
            lines += ["  " + line for line in self._profile(child, depth + 1)]
        for hat in hats:
            lines.append(f"  ^{hat} {{")
            lines += ["    " + rule for rule in self._rules(rng.randint(1, 3))]
            lines.append("  }")
        lines.append("}")
        self.children = outer
        return lines

    def _head(self, name: str, depth: int) -> str:
        rng = self.rng
        attached = ""
        if rng.random() < 0.5:
            attached = " " + rng.choice(
                (
                    *(
                        "/bin/a",
                        "/bin/*",
                        "/bin/a*",
                        "/bin/{a,b}",
                        "/bin/[ab]",
                        "/bin/**",
                        "/bin/?",
                    ),
                    *("/b*/a", "/{bin,sbin}/a", self._path()),
                )
            )
            if depth == 0 and rng.random() < 0.2:
                return (
                    f"{attached.strip()} {{"
                    if "@" not in attached
                    else f"profile {name}{attached} {{"
                )
        if depth == 0 and rng.random() < 0.06:
            name = rng.choice(('"a b"', r'"x\{y"', "/odd/n", '"{n,m}"', "n*"))
        flags = rng.choice(("", "", "", "", "", " flags=(complain)", " flags=(audit)"))
        return f"profile {name}{attached}{flags} {{"

    def _rules(self, count: int) -> list[str]:
        rng = self.rng
        makers: list[tuple[int, Callable[[], str]]] = [
            (10, self._file),
            (4, self._link),
            (3, self._change),
            (3, self._signal),
            (2, self._ptrace),
            (3, self._dbus),
            (4, self._mount),
            (1, self._umount),
            (1, self._pivot),
            (2, self._network),
            (4, self._unix),
            (2, self._capability),
            (1, self._limit),
        ]
        if self.new:
            makers += [(1, self._userns), (2, self._mqueue), (1, self._io_uring)]
        # few classes in one profile, so that their rules meet
        classes = rng.choices(makers, [weight for weight, _ in makers], k=rng.choice((1, 2, 2, 3)))
        rules: list[str] = []
        for _ in range(count):
            rule = rng.choice(classes)[1]()
            if rng.random() < 0.05:
                rule = self._conditional(rule)
            elif rng.random() < 0.04:
                rule = f"owner {{ {self._bare_file()} }}"
            rules.append(rule)
        return rules

    def _conditional(self, rule: str) -> str:
        rng = self.rng
        tests = ["defined @{V}", "not defined @{Z}", "defined @{Z}"]
        condition = rng.choice(tests)
        if rng.random() < 0.4:
            return f"if {condition} {{ {rule} }} else {{ {self._bare_file()} }}"
        return f"if {condition} {{ {rule} }}"

    # --- words

    def _segment(self) -> str:
        rng = self.rng
        kind = rng.random()
        if kind < 0.4:
            return rng.choice(_LITERALS)
        if kind < 0.55:
            return rng.choice(("*", "a*", "*b", "?", "a?", "*a*", "??", "[ab]*", "*.c"))
        if kind < 0.65:
            return rng.choice(_SETS) + rng.choice(("", "", "b", "*"))
        if kind < 0.8:
            return self._alternation()
        if kind < 0.86:
            return rng.choice(_ESCAPES)
        if kind < 0.94 and self.variables:
            return f"{rng.choice(('', '', 'a'))}@{{{rng.choice(self.variables)}}}"
        return rng.choice(("**", "**b", "a**"))

    def _alternation(self, depth: int = 0) -> str:
        rng = self.rng
        options = [
            rng.choice(("a", "b", "ab", "*", "", "?", "[ab]", "c", "a/b", "/a"))
            if depth or rng.random() < 0.85
            else self._alternation(1)
            for _ in range(rng.choice((2, 2, 3)))
        ]
        options.sort(key=bool)  # `,,` would end the rule
        return rng.choice(("", "", "a")) + "{" + ",".join(options) + "}"

    def _path(self) -> str:
        """A path pattern."""
        rng = self.rng
        head = rng.choice(("/", "/", "/", "/", "/bin/", "/a/", "//"))
        if self.variables and rng.random() < 0.12:
            head = f"@{{{rng.choice(self.variables)}}}{rng.choice(('/', '', '//'))}"
        middle = "/".join(self._segment() for _ in range(rng.choice((1, 1, 1, 2, 2, 3))))
        return head + middle + rng.choice(("", "", "", "", "/", "/**", "/*"))

    def _literal_path(self) -> str:
        return "/" + "/".join(self.rng.choice(_LITERALS) for _ in range(self.rng.choice((1, 1, 2))))

    def _label(self) -> str:
        rng = self.rng
        made = rng.choice((*_NAMES, "@{profile_name}", self._path(), "@{profile_name}//*", "a**"))
        if self.variables and rng.random() < 0.1:
            made = f"@{{{rng.choice(self.variables)}}}"
        return f'"{made}"' if "," in made else made

    def _qualifier(self, *, owner: bool = False, priority: bool = True) -> str:
        rng = self.rng
        words: list[str] = []
        if self.new and priority and rng.random() < 0.25:
            words.append(f"priority={rng.choice((-2, -1, 0, 1, 2))}")
        if rng.random() < 0.15:
            words.append("audit")
        if rng.random() < 0.22:
            words.append("deny")
        elif rng.random() < 0.05:
            words.append("allow")
        if owner and rng.random() < 0.2:
            words.append("owner")
        return " ".join(words) + (" " if words else "")

    def _some(self, words: Sequence[str], most: int = 3) -> list[str]:
        return self.rng.sample(words, self.rng.randint(1, min(most, len(words))))

    # --- rules

    def _bare_file(self) -> str:
        return f"{self._path()} {''.join(self._some(('r', 'w', 'm', 'k', 'l')))},"

    def _file(self) -> str:
        rng = self.rng
        qualifier = self._qualifier(owner=True)
        if rng.random() < 0.06:
            return f"{qualifier}file,"
        perms = self._some(("r", "w", "m", "k", "l", "a"), 3)
        if "w" in perms and "a" in perms:
            perms.remove("a")
        text = "".join(perms)
        if rng.random() < 0.45:
            return qualifier + self._executable(text if rng.random() < 0.5 else "", qualifier)
        if rng.random() < 0.1:
            return f"{qualifier}{text} {self._path()},"
        return f"{qualifier}{self._path()} {text},"

    def _executable(self, perms: str, qualifier: str) -> str:
        """A rule with an execute mode: one mode for wildcards, any for a plain path."""
        rng = self.rng
        if "deny" in qualifier:
            return f"{self._path()} {perms}x,"
        plain = rng.random() < 0.35
        path = self._literal_path() if plain else self._path()
        mode = rng.choice(_MODES) if plain or rng.random() < 0.03 else self.wildcard_mode
        target = ""
        if mode[0] in "cC" and self.children and rng.random() < 0.6:
            target = f" -> {rng.choice(self.children)}"
        elif mode[0] in "pP" and plain and rng.random() < 0.4:
            target = " -> " + rng.choice(("q", "p", "zz", "p//kid", "&q", "unconfined", ":ns:p"))
        return f"{path} {perms}{mode}{target},"

    def _link(self) -> str:
        rng = self.rng
        qualifier = self._qualifier(owner=True)
        if rng.random() < 0.3:
            return f"{qualifier}{self._path()} {rng.choice(('l', 'rl', 'rwl', 'lk'))},"
        subset = rng.choice(("", "", "subset "))
        return f"{qualifier}link {subset}{self._path()} -> {self._path()},"

    def _change(self) -> str:
        rng = self.rng
        unsafe = rng.choice(("", "", "safe ", "unsafe "))
        path = f" {unsafe}{self._path()}" if rng.random() < 0.5 else ""
        target = rng.choice((*_NAMES, "&q", ":ns:q", ":ns://q", self._segment().lstrip("*?")))
        arrow = f" -> {target}" if target and rng.random() < 0.85 else ""
        return f"{self._qualifier()}change_profile{path}{arrow},"

    def _signal(self) -> str:
        rng = self.rng
        text = f"{self._qualifier()}signal"
        if rng.random() < 0.6:
            text += rng.choice((" send", " receive", " (send, receive)", " rw", " w"))
        if rng.random() < 0.6:
            text += f" set=({', '.join(self._some(_SIGNALS))})"
        if rng.random() < 0.6:
            text += f" peer={self._label()}"
        return text + ","

    def _ptrace(self) -> str:
        rng = self.rng
        text = f"{self._qualifier()}ptrace"
        if rng.random() < 0.7:
            text += f" ({', '.join(self._some(('trace', 'read', 'tracedby', 'readby')))})"
        if rng.random() < 0.6:
            text += f" peer={self._label()}"
        return text + ","

    def _dbus(self) -> str:
        rng = self.rng
        text = f"{self._qualifier()}dbus"
        kind = rng.random()
        bus = rng.choice(("", " bus=system", " bus=session", " bus=s*"))
        if kind < 0.15:
            return f"{text} bind{bus} name={rng.choice(('a.b', 'a.*', 'org.{a,b}', 'a'))},"
        if kind < 0.22:
            return f"{text} eavesdrop{bus},"
        if kind < 0.9:
            text += rng.choice((" send", " receive", " (send, receive)", ""))
        text += bus
        for name, values in (
            ("path", ("/a", "/a/**", "/{a,b}", "/a*")),
            ("interface", ("a.b", "a.*", "a.{B,C}", "*")),
            ("member", ("Get", "Get*", "{A,B}", "[AB]?")),
        ):
            if rng.random() < 0.35:
                text += f" {name}={rng.choice(values)}"
        if rng.random() < 0.4:
            peer = []
            if rng.random() < 0.6:
                peer.append(f"name={rng.choice(('a.b', 'a.*', 'org.a'))}")
            if rng.random() < 0.6 or not peer:
                peer.append(f"label={self._label()}")
            text += f" peer=({', '.join(peer)})"
        return text + ","

    def _options(self) -> str:
        rng = self.rng
        kind = rng.random()
        words: list[str]
        if kind < 0.55:
            words = self._some(_FLAGS)
            if self.new and rng.random() < 0.3:  # 3.0.8 takes words that contradict each other
                words.append(rng.choice(_CLEARED))
        elif kind < 0.75:
            words = [rng.choice(("bind", "rbind", "move", "remount"))]
            words += self._some(_FLAGS, 2) if rng.random() < 0.3 else []
        elif kind < 0.9:
            words = [rng.choice(_PROPAGATION)]
        else:
            words = self._some((*_FLAGS, *_CLEARED, "bind", "remount"), 4)
        operator = rng.choice(("=", "=", " in "))
        return f" options{operator}({', '.join(words)})"

    def _mount(self) -> str:
        rng = self.rng
        verb = rng.choice(("mount", "mount", "mount", "remount"))
        text = self._qualifier() + verb
        if rng.random() < 0.4 and verb == "mount":
            text += f" fstype={rng.choice(_TYPES_OF_FILESYSTEMS)}"
        for _ in range(rng.choice((0, 1, 1, 1, 2))):
            text += self._options()
        if verb == "remount":
            return f"{text}{rng.choice(('', ' ' + self._path()))},"
        where = rng.random()
        if where < 0.2:
            return text + ","
        if where < 0.35:
            return f"{text} {self._path()},"
        source = (
            "" if rng.random() < 0.4 else f" {rng.choice((self._path(), 'none', 'a*', '{a,b}'))}"
        )
        return f"{text}{source} -> {self._path()},"

    def _umount(self) -> str:
        return f"{self._qualifier()}umount{self.rng.choice(('', ' ' + self._path()))},"

    def _pivot(self) -> str:
        rng = self.rng
        text = f"{self._qualifier()}pivot_root"
        if rng.random() < 0.5:
            text += f" oldroot={self._path()}"
        if rng.random() < 0.7:
            text += f" {self._path()}"
        return text + ","

    def _network(self) -> str:
        rng = self.rng
        text = self._qualifier(priority=False) + "network"
        if rng.random() < 0.7:
            text += f" {rng.choice(_FAMILIES)}"
            if rng.random() < 0.5:
                text += f" {rng.choice(_TYPES)}"
        elif rng.random() < 0.6:
            text += f" {rng.choice((*_TYPES, 'tcp', 'udp', 'icmp'))}"
        return text + ","

    def _address(self) -> str:
        rng = self.rng
        name = rng.choice(("a", "a*", "ab", "{a,b}", "**", "[ab]c", "a/b", "?"))
        return rng.choice(("none", f'"@{name}"', f"@{name}" if "{" not in name else "@a"))

    def _unix(self) -> str:
        rng = self.rng
        text = f"{self._qualifier()}unix"
        peer = rng.random() < 0.4
        own = ("create", "bind", "listen", "shutdown", "getattr", "setattr", "getopt", "setopt")
        asked = ("send", "receive", "connect", "accept")
        if rng.random() < 0.75:
            words = self._some(asked if peer else (*own, *asked), 4)
            text += f" ({', '.join(words)})"
        if rng.random() < 0.5:
            text += f" type={rng.choice(('stream', 'dgram', 'seqpacket'))}"
        if rng.random() < 0.4:
            text += f" addr={rng.choice((self._address(), 'auto'))}"
        if peer:
            conditions = []
            if rng.random() < 0.6:
                conditions.append(f"addr={self._address()}")
            if rng.random() < 0.6 or not conditions:
                conditions.append(f"label={self._label()}")
            text += f" peer=({', '.join(conditions)})"
        return text + ","

    def _capability(self) -> str:
        names = "" if self.rng.random() < 0.1 else " " + " ".join(self._some(_CAPABILITIES))
        return f"{self._qualifier()}capability{names},"

    def _limit(self) -> str:
        rng = self.rng
        return "set rlimit " + rng.choice(
            (
                *("nofile <= 5,", "core <= 0,", "fsize <= 3M,", "cpu <= 2min,", "nice <= -3,"),
                *("as <= infinity,", "rttime <= 4ms,", "data <= 4GB,", "nproc <= 7,"),
            )
        )

    def _userns(self) -> str:
        return f"{self._qualifier()}userns{self.rng.choice(('', ' create'))},"

    def _mqueue(self) -> str:
        rng = self.rng
        text = f"{self._qualifier()}mqueue"
        if rng.random() < 0.6:
            words = self._some(("create", "open", "delete", "getattr", "setattr", "read", "write"))
            text += f" ({', '.join(words)})"
        if rng.random() < 0.4:
            text += f" label={self._label()}"
        if rng.random() < 0.6:
            text += f" {rng.choice(('/a', '/a*', '/{a,b}', '/**'))}"
        return text + ","

    def _io_uring(self) -> str:
        rng = self.rng
        text = f"{self._qualifier()}io_uring"
        if rng.random() < 0.6:
            text += f" ({', '.join(self._some(('sqpoll', 'override_creds')))})"
        if rng.random() < 0.4:
            text += f" label={self._label()}"
        return text + ","


def policy(seed: int, version: tuple[int, ...]) -> str:
    """The policy of a seed for a version of the language."""
    return Generator(random.Random(f"policy {seed}"), version).policy()
