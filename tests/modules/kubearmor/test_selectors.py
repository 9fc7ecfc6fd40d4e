"""Which policies are for a workload."""

from __future__ import annotations

import pytest

from lsmc.engine.verdict import RequestError
from lsmc.modules.kubearmor.policy import Expression, Place, Policy, PolicySet, Selector
from lsmc.modules.kubearmor.posture import Posture
from lsmc.modules.kubearmor.selectors import posture_of, read_subject, selected, subject_of
from tests.modules.kubearmor.policies import reading, text


def policy(
    kind: str = "KubeArmorPolicy",
    labels: tuple[tuple[str, str], ...] = (),
    expressions: tuple[tuple[str, str, str], ...] = (),
) -> Policy:
    told = tuple(Expression(key, op, tuple(values.split())) for key, op, values in expressions)
    place = Place(1, 1, 1, 1, 0, 0)
    selector = Selector(labels, told)
    return Policy(kind, "shop", "p", "f", selector, "", (), (), place)  # type: ignore[arg-type]


APP = (("app", "web"),)


@pytest.mark.parametrize(
    ("one", "subject", "is_for"),
    [
        (policy(labels=APP), "namespace=shop,app=web", True),
        (policy(labels=APP), "namespace=shop,app=web,tier=x", True),
        (policy(labels=APP), "namespace=shop,app=db", False),
        (policy(labels=APP), "namespace=other,app=web", False),
        (policy(labels=APP), "*", True),
        (policy(), "namespace=shop", True),
        (policy(labels=APP), "host,app=web", False),
        (policy("KubeArmorHostPolicy", APP), "host,app=web", True),
        (policy("KubeArmorHostPolicy", APP), "namespace=shop,app=web", False),
        (
            policy("KubeArmorClusterPolicy", (), (("namespace", "In", "a shop"),)),
            "namespace=shop",
            True,
        ),
        (
            policy("KubeArmorClusterPolicy", (), (("namespace", "NotIn", "shop"),)),
            "namespace=shop",
            False,
        ),
        (policy("KubeArmorClusterPolicy"), "namespace=any", True),
        (policy(expressions=(("label", "In", "app=web app=db"),)), "namespace=shop,app=db", True),
        (policy(expressions=(("label", "NotIn", "app=db"),)), "namespace=shop,app=db", False),
        (
            policy(expressions=(("label", "In", "app=db"), ("label", "NotIn", "app=db"))),
            "namespace=shop,app=db",
            True,
        ),
        (policy(expressions=(("label", "NotIn", "app=db"),)), "namespace=shop,app=web", True),
        (
            policy(labels=(("kubearmor.io/container.name", "[a, b]"),)),
            "namespace=shop,kubearmor.io/container.name=b",
            True,
        ),
        (
            policy(labels=(("kubearmor.io/container.name", "[a, b]"),)),
            "namespace=shop,kubearmor.io/container.name=c",
            False,
        ),
    ],
)
def test_selection(one: Policy, subject: str, is_for: bool) -> None:
    assert bool(selected(PolicySet((one,), ()), read_subject(subject))) == is_for


@pytest.mark.parametrize(
    "one",
    [
        policy(labels=APP),
        policy("KubeArmorHostPolicy", APP),
        policy("KubeArmorClusterPolicy", (), (("namespace", "NotIn", "default"),)),
        policy(expressions=(("label", "In", "app=web"), ("label", "NotIn", "x=y"))),
        policy(expressions=(("label", "NotIn", "app=web"),)),
        policy(labels=(("kubearmor.io/container.name", "[a, b]"),)),
    ],
)
def test_the_subject_of_a_policy_is_selected_by_it(one: Policy) -> None:
    subject = subject_of(one)
    assert subject != "*"
    assert selected(PolicySet((one,), ()), read_subject(subject)) == (one,)


@pytest.mark.parametrize("subject", ["", "web", "app=web,x", "=x"])
def test_what_is_no_subject_is_told(subject: str) -> None:
    with pytest.raises(RequestError, match="is no label"):
        read_subject(subject)


def test_the_posture_is_that_of_the_namespace() -> None:
    namespace = (
        "kind: Namespace\nmetadata:\n  name: shop\n  annotations:\n"
        "    kubearmor-file-posture: block\n    kubearmor-network-posture: nonsense\n---\n"
    )
    found = reading(namespace + text("file: {matchPaths: [{path: /a}]}")).policies
    block = Posture(file="block")
    assert posture_of(found, read_subject("namespace=shop,app=web")) == block
    assert posture_of(found, read_subject("*")) == block
    assert posture_of(found, read_subject("namespace=other,app=web")) == Posture()
