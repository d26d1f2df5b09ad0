"""Paging: every way at once, each to its own end, and none in another's way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import structlog.testing

from clearline.basis.faults import Broken
from clearline.basis.instants import DAY_MS, HOUR_MS, Instant
from clearline.core.effects import Effect, Ring
from clearline.core.events import (
    Acknowledge,
    AnswerTest,
    ChannelChecked,
    Event,
    JumpToRung,
    Paged,
    PlanDesk,
    PlanOfficers,
    TakeWatch,
)
from clearline.core.watchbill import Method, Officer, Shift
from clearline.node import lane as lane_room
from clearline.node import paging as paging_room
from clearline.node.composing import _code
from clearline.node.lane import Way
from clearline.node.paging import Pager
from clearline.node.ports import ChannelError, Heard, Outcome, Page, PageCause, PageResult
from clearline.node.ways import Paging
from tests.core.counterpart import FLASH, STOP, Counterpart

PRIORITY = {"phrases": [STOP], "precedence": "priority"}
ROUTINE = {"phrases": [STOP], "precedence": "routine"}
NONE = PageCause.NONE


class Lamp:
    """A channel in memory: it keeps what it is handed, and does with it as it is told."""

    def __init__(self, name: str = "lamp") -> None:
        self.name = name
        self.pages: list[Page] = []
        self.heard: list[Heard] = []
        self.hushed: list[Page] = []
        self.says: ChannelError | None = None
        self.raises: Exception | None = None
        self.silent = False
        self.leave = asyncio.Event()

    async def start(self) -> None:
        if self.name == "broken":
            raise RuntimeError("it does not start")

    async def stop(self) -> None:
        pass

    def address_fault(self, address: str) -> str | None:
        return "That is no lamp." if address == "none" else None

    async def page(self, page: Page, heard: Heard) -> None:
        self.pages.append(page)
        self.heard.append(heard)
        if self.raises is not None:
            raise self.raises
        if not self.silent:
            heard(PageResult.HANDED, NONE, "")
        try:
            await self.leave.wait()
        except asyncio.CancelledError:
            self.hushed.append(page)
            raise

    async def check(self) -> None:
        if self.says is not None:
            raise self.says


class House:
    """A real South, its pager, and the lamps that it drives."""

    def __init__(self, *lamps: Lamp, at_once: int = 64, full: bool = True) -> None:
        self.line = Counterpart()
        self.lamps = {each.name: each for each in lamps}
        self.events: list[Event] = []
        self.fresh = asyncio.Event()
        self.performed = 0
        self.pager = Pager(
            [Way(each, full) for each in lamps], Paging(at_once=at_once, check_every_s=5), "en",
            lambda: self.line.state, self.submit, lambda: self.line.now,
        )  # fmt: skip

    async def submit(self, event: Event) -> Outcome:
        self.events.append(event)
        self.fresh.set()
        (outcome,) = self.line.node.runtime.submit([event], self.line.now)
        self.act()
        return outcome

    async def enough(self, count: int) -> None:
        """Return once so much is known of pages."""
        while len(self.known()) < count:
            self.fresh.clear()
            await self.fresh.wait()

    def act(self) -> None:
        """Have the pager perform what the core has asked for meanwhile."""
        fresh = self.line.node.effects[self.performed :]
        self.performed = len(self.line.node.effects)
        for effect in fresh:
            self.pager.perform(effect)

    def says(self, kind: str, body: Any, *re: str) -> str:
        entry = self.line.says(kind, body, *re)
        self.act()
        return entry

    def plan(self, *officers: Officer, desk: str = "duty-desk", room: tuple[Method, ...] = ()):
        now = self.line.now
        start, end = now.after(-HOUR_MS), now.after(DAY_MS)
        known = {o.name: o for o in (*self.line.state.watchbill.officers.values(), *officers)}
        shifts = tuple(Shift(start=start, end=end, officer=each.name) for each in officers)
        for event in (
            PlanOfficers(by="x", officers=tuple(known.values())),
            PlanDesk(by="x", echelon=desk, start=start, end=end, shifts=shifts, methods=room),
        ):
            self.line.node.do(event, now)

    def later(self, span_ms: int) -> None:
        """Let time pass, and act on what falls due."""
        self.line.now = self.line.now.after(span_ms)
        self.line.node.runtime.tick(self.line.now)
        self.act()

    def known(self) -> list[tuple[str, str, str, str]]:
        return [
            (each.officer, each.channel, each.result, each.cause)
            for each in self.events
            if isinstance(each, Paged)
        ]

    def checks(self) -> list[tuple[str, str]]:
        return [(e.channel, e.cause) for e in self.events if isinstance(e, ChannelChecked)]


def officer(name: str, *methods: str, language: str = "en") -> Officer:
    made = [Method(channel=c, address=a) for c, _, a in (m.partition(":") for m in methods)]
    return Officer(name=name, languages=(language,), methods=tuple(made))


async def turns() -> None:
    """Let everything that is ready run."""
    for _ in range(30):
        await asyncio.sleep(0)


def run(work: Callable[..., Coroutine[Any, Any, None]], *names: str, **more: Any) -> None:
    async def go() -> None:
        house = House(*(Lamp(name) for name in names or ("lamp",)), **more)
        await work(house)
        async with asyncio.timeout(20):
            await house.pager.stop()

    asyncio.run(go())


@pytest.fixture(autouse=True)
def results_do_not_wait_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging_room, "TOGETHER_S", 0)


def test_everybody_on_watch_and_the_room_are_paged_by_all_their_ways_at_once():
    async def work(house: House) -> None:
        house.plan(
            officer("ana", "lamp:1", "bell:2", language="ru"), officer("ben", "lamp:3"),
            room=(Method(channel="bell", address="wall"), Method(channel="lamp", address="1")),
        )  # fmt: skip
        house.pager.start()
        await turns()
        house.says("call.opened", FLASH)
        await turns()
        lamp, bell = house.lamps["lamp"], house.lamps["bell"]
        assert {(p.who, p.address) for p in lamp.pages} == {("ana", "1"), ("ben", "3")}
        assert [(p.who, p.address) for p in bell.pages] == [("ana", "2"), ("", "wall")]
        by_who = {p.who: p for p in lamp.pages}
        assert by_who["ana"].language == "ru"
        assert by_who["ana"].text[0].startswith("Вызов FLASH. Вызывает: North headquarters.")
        assert by_who["ben"].text[1].startswith("STOP")
        assert len({p.id for p in (*lamp.pages, *bell.pages)}) == 4

    run(work, "lamp", "bell")


def test_out_of_the_house_a_page_says_only_that_a_call_waits():
    async def work(house: House) -> None:
        house.plan(officer("ana", "lamp:1"))
        house.pager.start()
        house.says("call.opened", FLASH | {"drill": True})
        await turns()
        (page,) = house.lamps["lamp"].pages
        assert page.text == (
            "DRILL", "A FLASH call waits at duty-desk. Go to the console and answer it.",
        )  # fmt: skip

    run(work, full=False)


def test_a_page_goes_on_while_the_call_climbs_and_ends_when_it_is_answered():
    async def work(house: House) -> None:
        house.plan(officer("ana", "lamp:1"))
        house.plan(officer("col", "lamp:2"), desk="deputy")
        house.pager.start()
        call = house.says("call.opened", FLASH)
        await turns()
        house.later(20_000)
        await turns()
        lamp = house.lamps["lamp"]
        assert [p.who for p in lamp.pages] == ["ana", "col"]
        assert lamp.hushed == []
        lamp.heard[1](PageResult.ACKNOWLEDGED, NONE, "")
        await turns()
        assert [p.who for p in lamp.hushed] == ["ana"], "who has answered is not hung up on"
        known = house.line.state.calls.by_id[call]
        assert known.acknowledgement is not None
        assert known.acknowledgement.echelon == "deputy"
        lamp.heard[0](PageResult.ACKNOWLEDGED, NONE, "")
        await turns()
        assert house.line.node.runtime.unsafe is None, "who comes second has done no harm"

    run(work)


def test_a_way_that_rings_already_is_not_rung_twice_and_one_that_ended_is_rung_again():
    async def work(house: House) -> None:
        for desk in ("duty-desk", "deputy", "flag-officer", "contact-card"):
            house.plan(officer("ana", "lamp:1"), desk=desk)
        house.pager.start()
        house.says("call.opened", FLASH)
        house.later(20_000 + 30_000 + 30_000)
        await turns()
        lamp = house.lamps["lamp"]
        assert {p.echelon for p in lamp.pages} == {"duty-desk", "contact-card"}
        house.later(30_000)
        await turns()
        assert len(lamp.pages) == 2
        lamp.leave.set()
        await turns()
        house.later(30_000)
        await turns()
        assert [p.echelon for p in lamp.pages[2:]] == ["contact-card"]

    run(work)


def test_who_is_rung_anew_while_they_are_being_hung_up_on_is_rung_once_more():
    async def work(house: House) -> None:
        house.plan(officer("ana", "lamp:1"))
        house.pager.start()
        call = house.says("call.opened", FLASH)
        await turns()
        acknowledged = Acknowledge(by="x", call=call, echelon="duty-desk")
        jump = JumpToRung(by="x", call=call, rung=1)
        for event in (acknowledged, jump):
            house.line.node.do(event, house.line.now)
        house.act()
        await turns()
        lamp = house.lamps["lamp"]
        assert (len(lamp.pages), len(lamp.hushed)) == (2, 1)
        for event in (acknowledged, jump, acknowledged):
            house.line.node.do(event, house.line.now)
        house.act()
        await turns()
        assert (len(lamp.pages), len(lamp.hushed)) == (2, 2), "nobody need be reached any more"

    run(work)


def test_the_log_has_no_name_of_whoever_answered_too_late():
    async def work(house: House) -> None:
        house.plan(officer("ana", "lamp:1"))
        house.pager.start()
        call = house.says("call.opened", FLASH)
        await turns()
        house.line.node.do(Acknowledge(by="x", call=call, echelon="duty-desk"), house.line.now)
        with structlog.testing.capture_logs() as logged:
            house.lamps["lamp"].heard[0](PageResult.ACKNOWLEDGED, NONE, "")
            await turns()
        late = [each for each in logged if each["event"] == "late_answer"]
        assert [each["why"] for each in late] == ["out_of_order"]

    run(work)


def test_a_flash_goes_at_once_and_the_rest_wait_most_urgent_first():
    async def work(house: House) -> None:
        house.plan(officer("ana", "lamp:1"))
        lamp = house.lamps["lamp"]
        lamp.silent = True
        house.pager.start()
        await turns()
        for body in (ROUTINE, ROUTINE, PRIORITY, FLASH):
            house.says("call.opened", body)
        await turns()
        assert [p.precedence.value for p in lamp.pages] == ["routine", "flash"]
        lamp.heard[0](PageResult.HANDED, NONE, "")
        lamp.heard[1](PageResult.HANDED, NONE, "")
        await turns()
        lamp.heard[2](PageResult.FAILED, PageCause.BUSY, "")
        await turns()
        assert [p.precedence.value for p in lamp.pages[2:]] == ["priority", "routine"]

    run(work, at_once=1)


def test_what_is_hushed_before_it_has_begun_never_begins_and_leaves_no_place_taken():
    async def work(house: House) -> None:
        house.plan(officer("ana", "lamp:1"))
        lamp = house.lamps["lamp"]
        house.pager.start()
        await turns()
        for _ in range(3):
            call = house.says("call.opened", ROUTINE)
            house.says("call.stood_down", {}, call)
        await turns()
        assert lamp.pages == []
        house.says("call.opened", ROUTINE)
        await turns()
        assert len(lamp.pages) == 1
        assert house.pager.views()[0].under_way == 1

    run(work, at_once=1)


def test_what_rang_before_the_start_is_paged_at_the_start_unless_it_was_hushed():
    async def work(house: House) -> None:
        house.plan(officer("ana", "lamp:1"))
        first = house.says("call.opened", FLASH)
        second = house.says("call.opened", FLASH)
        house.says("call.stood_down", {}, first)
        house.line.node.restart(house.line.now)
        house.performed = 0
        house.act()
        house.pager.start()
        await turns()
        assert [p.what for p in house.lamps["lamp"].pages] == [second]

    run(work)


def test_an_effect_performed_twice_pages_once():
    async def work(house: House) -> None:
        house.plan(officer("ana", "lamp:1"))
        house.pager.start()
        house.says("call.opened", FLASH)
        lamp = house.lamps["lamp"]
        await turns()
        lamp.leave.set()
        await turns()
        ring: list[Effect] = [e for e in house.line.node.effects if isinstance(e, Ring)]
        for each in ring * 3:
            house.pager.perform(each)
        await turns()
        assert len(lamp.pages) == 1

    run(work)


def test_a_channel_that_breaks_its_word_fails_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lane_room, "FIRST_WORD_S", 0.05)

    async def work(house: House) -> None:
        house.lamps["raises"].raises = KeyError("x" * 5_000 + "\ud800\n")
        house.lamps["silent"].silent = True
        house.plan(
            officer("ana", "raises:1", "silent:1", "broken:1", "lamp:1", "lamp:none", "fax:1")
        )
        house.pager.start()
        house.says("call.opened", FLASH)
        async with asyncio.timeout(20):
            await house.enough(6)
        assert sorted(house.known()) == sorted([
            ("ana", "lamp", "failed", "address"),
            ("ana", "fax", "failed", "other"),
            ("ana", "raises", "failed", "other"),
            ("ana", "silent", "failed", "timeout"),
            ("ana", "broken", "handed", "none"),
            ("ana", "lamp", "handed", "none"),
        ])  # fmt: skip
        house.line.node.restart(house.line.now)
        assert house.line.node.runtime.unsafe is None, "what was journaled is read again"

    run(work, "raises", "silent", "broken", "lamp")


def test_whether_a_channel_works_is_known_at_the_start_and_journaled_as_it_changes():
    async def work(house: House) -> None:
        lamp = house.lamps["lamp"]
        lamp.says = ChannelError(PageCause.CREDENTIALS, "It does not take our name.")
        house.pager.start()
        await turns()
        assert house.checks() == [("lamp", "credentials")]
        assert "channel_failing" in house.line.node.codes()
        (view,) = await house.pager.check("lamp")
        assert (view.works, view.cause, view.detail) == (
            False, "credentials", "It does not take our name.",
        )  # fmt: skip
        assert len(house.checks()) == 1, "nothing has changed"
        lamp.says = None
        (view,) = await house.pager.check()
        assert view.works is True
        assert house.checks()[1:] == [("lamp", "none")]
        house.line.now = house.line.now.after(5_000)
        await house.pager.check()
        assert len(house.checks()) == 3, "it is due again"

    run(work)


def test_a_channel_by_which_a_page_failed_is_looked_at_soon():
    async def work(house: House) -> None:
        house.plan(officer("ana", "lamp:1"))
        lamp = house.lamps["lamp"]
        house.pager.start()
        await turns()
        assert house.checks() == [("lamp", "none")]
        lamp.says = ChannelError(PageCause.UNREACHABLE, "It is not there.")
        house.line.now = house.line.now.after(6_000)
        house.says("call.opened", FLASH)
        await turns()
        lamp.heard[0](PageResult.FAILED, PageCause.UNREACHABLE, "It is not there.")
        await turns()
        assert house.checks()[-1] == ("lamp", "unreachable")

    run(work)


def test_a_test_call_pages_one_way_and_each_in_its_turn():
    async def work(house: House) -> None:
        house.plan(officer("ana", "lamp:1", "bell:1"), room=(Method(channel="bell", address="2"),))
        house.pager.start()
        came: set[tuple[str, str]] = set()
        for _ in range(8):
            test = house.says("test.sent", {})
            await turns()
            rung = [
                (lamp.name, page.who, heard)
                for lamp in house.lamps.values()
                for page, heard in zip(lamp.pages, lamp.heard, strict=True)
                if page.what == test
            ]
            assert len(rung) <= 1, "nobody's night is five bells long"
            for name, who, heard in rung:
                came.add((name, who))
                heard(PageResult.ACKNOWLEDGED, NONE, "")
            await turns()
            outcome = house.line.state.tests.by_id[test].outcome
            assert (outcome is not None) == bool(rung), "the desk's own turn pages nobody"
            if not rung:
                await house.submit(AnswerTest(by="ana", test=test))
            house.line.now = house.line.now.after(60_000)
        assert came == {("lamp", "ana"), ("bell", "ana"), ("bell", "")}

    run(work, "lamp", "bell")


def test_a_node_that_is_not_safe_ends_the_telling_and_not_the_paging():
    async def work(house: House) -> None:
        house.plan(officer("ana", "lamp:1"))
        house.pager.start()
        await turns()
        house.says("call.opened", FLASH)
        house.line.node.runtime.break_off("a test")
        await turns()
        with pytest.raises(Broken):
            await house.submit(TakeWatch(by="x", echelon="deputy", languages=("en",)))
        assert len(house.lamps["lamp"].pages) == 1

    run(work)


def test_the_same_page_has_the_same_id_and_code_after_a_restart():
    async def work(house: House) -> None:
        house.plan(officer("ana", "lamp:1"))
        house.pager.start()
        house.says("call.opened", FLASH)
        await turns()
        house.line.node.restart(house.line.now)
        again = House(Lamp())
        again.line = house.line
        again.act()
        again.pager.start()
        await turns()
        (before,), (after,) = house.lamps["lamp"].pages, again.lamps["lamp"].pages
        assert before == after
        assert len(after.code) == 2
        await again.pager.stop()

    run(work)


def test_time_is_what_the_node_says_it_is():
    assert isinstance(House().pager.now(), Instant)


def test_a_key_that_sticks_is_no_code():
    codes = [_code(number) for number in range(180)]
    assert len(set(codes)) == 90
    assert all(len(code) == 2 and code[0] != code[1] for code in codes)
