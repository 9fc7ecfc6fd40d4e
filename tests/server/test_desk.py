"""The desk: questions come first, and work that is out of date is given up."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from lsmc.server.desk import Desk, Pause

PATIENCE = 20


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk(lambda _: None)
    yield made
    made.close()


def test_a_question_is_answered_between_the_steps_of_an_analysis(desk: Desk) -> None:
    order: list[str] = []
    begun, asked, done = threading.Event(), threading.Event(), threading.Event()

    def work(pause: Pause) -> None:
        order.append("first")
        begun.set()
        asked.wait(PATIENCE)
        pause()
        order.append("second")
        done.set()

    desk.analyse("a", work)
    assert begun.wait(PATIENCE)
    answer = desk.ask(lambda: order.append("question"))
    asked.set()
    answer.result(PATIENCE)
    assert done.wait(PATIENCE)
    assert order == ["first", "question", "second"]


def test_a_newer_analysis_ends_the_one_under_way(desk: Desk) -> None:
    order: list[str] = []
    begun, newer, done = threading.Event(), threading.Event(), threading.Event()

    def work(pause: Pause) -> None:
        begun.set()
        newer.wait(PATIENCE)
        pause()
        order.append("never")

    def again(_: Pause) -> None:
        order.append("again")
        done.set()

    desk.analyse("a", work)
    assert begun.wait(PATIENCE)
    desk.analyse("a", again)
    newer.set()
    assert done.wait(PATIENCE)
    assert order == ["again"]


def test_an_analysis_waits_until_typing_pauses(desk: Desk) -> None:
    ran: list[int] = []
    done = threading.Event()
    for number in range(5):
        desk.analyse("a", lambda _, number=number: (ran.append(number), done.set()), 0.05)
    assert done.wait(PATIENCE)
    assert ran == [4]


def test_a_fault_in_an_analysis_is_told_and_the_desk_serves_on() -> None:
    told: list[Exception] = []
    desk = Desk(told.append)

    def wrong(_: Pause) -> None:
        raise ValueError("wrong")

    desk.analyse("a", wrong)
    while not told:
        desk.ask(lambda: None).result(PATIENCE)
    assert [str(fault) for fault in told] == ["wrong"]
    with pytest.raises(KeyError):
        desk.ask(lambda: {}["nothing"]).result(PATIENCE)
    assert desk.ask(lambda: 1).result(PATIENCE) == 1
    desk.close()


def test_what_is_dropped_is_not_analysed(desk: Desk) -> None:
    ran: list[str] = []
    desk.analyse("a", lambda _: ran.append("a"), 0.05)
    desk.drop("a")
    done = threading.Event()
    desk.analyse("b", lambda _: done.set(), 0.1)
    assert done.wait(PATIENCE)
    assert not ran
