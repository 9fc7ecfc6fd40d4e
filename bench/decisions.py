"""Decisions a second, beside libraries that answer the same question over the same rules.

The question: do the rules allow to read a path?  Half of the rules are paths, half directories with
all that is below them, since all peers can say that.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import policies
from bench.model import Row, Section

RULES = 200
_SECONDS = 1.0  # at least this long for each figure


def decisions(bundle: Path | None) -> Section:
    """`query_many` and `query` of this Python's lsmc beside re2, cedar and casbin."""
    import lsmc
    from lsmc.kernels.walk import compiled

    rules = [(path, perms) for path, perms in policies.rules(RULES, 1) if "r" in perms]
    paths = _paths([path for path, _ in rules], 5000)
    text = "".join(f"  {path} r,\n" for path, _ in rules)
    policy = lsmc.compile_text(f"profile p {{\n{text}}}\n")
    truth = [policy.query("p", "read", path).allowed for path in paths]
    kind = "compiled" if compiled() else "pure Python"
    many = _rate(lambda: [v.allowed for v in policy.query_many(_requests("p", paths))], truth)
    rows = [Row(f"query_many, {kind} kernels", _shown(many), "", "")]
    single = _rate(lambda: [policy.query("p", "read", path).allowed for path in paths], truth)
    rows.append(Row("query", _shown(single), _shown(many), f"{single / many:.2f} x"))
    for name, peer in (("google-re2 Set", _re2), ("cedarpy", _cedar), ("casbin", _casbin)):
        try:
            ask = peer([path for path, _ in rules])
        except ImportError:
            rows.append(Row(name, "not installed"))
            continue
        few = paths if name != "cedarpy" else paths[:200]
        few = few if name != "casbin" else paths[:20]
        rate = _rate(lambda ask=ask, few=few: [ask(path) for path in few], truth[: len(few)])
        rows.append(
            Row(f"query_many beside {name}", _shown(many), _shown(rate), f"{many / rate:.1f} x")
        )
    if bundle is not None:
        rows += _on_corpus(bundle, kind)
    title = f"Decisions a second on one processor, {len(rules)} rules, {len(paths)} paths"
    return Section(title, tuple(rows))


def _on_corpus(bundle: Path, kind: str) -> list[Row]:
    """A profile of the corpus, asked by permissions and by operation, each path met before or not.

    The rate for new paths is of a policy that was just opened: the automata are walked for the
    first time.
    """
    import lsmc

    policy = lsmc.load(bundle)
    name = max(
        policy.profiles, key=lambda one: len(policy.bundle.uses(policy.engine.tables.find(one)))
    )
    places = (
        "/etc/",
        "/usr/lib/x86_64-linux-gnu/",
        "/home/a/.cache/",
        "/proc/1234/",
        "/run/user/1000/",
    )
    rnd = random.Random(1)
    paths = [rnd.choice(places) + "".join(rnd.choices("abcdefgh.-", k=9)) for _ in range(200_000)]
    known = paths[:20_000]
    asked = (
        ("`perms`", list(_requests(name, known))),
        ("`op`", [{"subject": name, "op": "read", "object": path} for path in known]),
    )
    rows = []
    for form, requests in asked:
        rate = _rate(lambda requests=requests: list(policy.query_many(requests)), None)
        rows.append(
            Row(f"query_many on the corpus, `{name}`, {form}, {kind} kernels", _shown(rate))
        )
    policy, fresh = lsmc.load(bundle), list(_requests(name, paths))
    start = time.process_time()
    count = sum(1 for _ in policy.query_many(fresh))
    rate = count / (time.process_time() - start)
    rows.append(Row(f"the same, {count:,} paths for the first time", _shown(rate)))
    return rows


def _requests(subject: str, paths: list[str]) -> Iterator[dict[str, object]]:
    for path in paths:
        yield {"subject": subject, "class": "file", "perms": "r", "object": path, "owner": True}


def _paths(allowed: list[str], count: int) -> list[str]:
    """Paths of which about half are allowed."""
    rnd = random.Random(2)
    found = []
    for _ in range(count):
        path = rnd.choice(allowed).replace("**", f"x{rnd.randrange(10**6)}")
        found.append(path if rnd.random() < 0.5 else f"/var{path}")
    return found


def _rate(work: Callable[[], list[object]], truth: list[bool] | None) -> float:
    """Answers a second of processor time; the answers must be right."""
    answers = work()
    if truth is not None and answers != truth:
        raise AssertionError("a peer decides otherwise: the comparison would mean nothing")
    done, start = 0, time.process_time()
    while time.process_time() - start < _SECONDS:
        done += len(work())
    return done / (time.process_time() - start)


def _shown(rate: float) -> str:
    return f"{rate:,.0f}/s"


def _re2(rules: list[str]) -> Callable[[str], bool]:
    import re2

    patterns = re2.Set.FullMatchSet()
    for rule in rules:
        patterns.Add(re2.escape(rule).replace(r"\*\*", ".+"))
    patterns.Compile()
    return lambda path: bool(patterns.Match(path))


def _cedar(rules: list[str]) -> Callable[[str], bool]:
    import cedarpy

    text = "\n".join(
        'permit(principal, action, resource) when { context.path like "'
        + rule.replace("**", "*")
        + '" };'
        for rule in rules
    )

    def ask(path: str) -> bool:
        request = {
            "principal": 'Subject::"p"',
            "action": 'Action::"read"',
            "resource": 'File::"f"',
            "context": {"path": path},
        }
        return bool(cedarpy.is_authorized(request, text, []).allowed)

    return ask


def _casbin(rules: list[str]) -> Callable[[str], bool]:
    import casbin

    model = casbin.Model()
    model.load_model_from_text(
        "[request_definition]\nr = sub, obj, act\n[policy_definition]\np = sub, obj, act\n"
        "[policy_effect]\ne = some(where (p.eft == allow))\n"
        "[matchers]\nm = r.sub == p.sub && keyMatch(r.obj, p.obj) && r.act == p.act\n"
    )
    enforcer = casbin.Enforcer(model)
    for rule in rules:
        enforcer.add_policy("p", rule.replace("**", "*"), "read")
    return lambda path: bool(enforcer.enforce("p", path, "read"))
