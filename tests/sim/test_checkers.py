"""A checker that cannot fail is a defect: each rule is broken on purpose, and is caught."""

from __future__ import annotations

from msgspec.structs import replace

from clearline.core.effects import Effect, Hush, Ring
from clearline.core.events import Acknowledge, Declare, Dispose, Event
from clearline.node.ports import Batch
from clearline.sim.checkers import check
from clearline.sim.checkers.saying import tells_no_secret
from clearline.sim.disk import SimJournal
from clearline.sim.network import Network
from clearline.sim.night import NightSettings, play
from clearline.sim.scene import PARTIES
from clearline.sim.station import Station
from clearline.space import Circle

CALM = NightSettings(faults=False)


def rules(settings: NightSettings, seeds: range = range(6)) -> set[int]:
    """Return every rule that some night under these settings broke."""
    return {each.rule for seed in seeds for each in check(play(seed, settings))}


class ForgetfulJournal(SimJournal):
    """Says that it has committed, and leaves out what the counterpart said last."""

    def commit(self, batch: Batch) -> None:
        if self.commits > 12 and batch.heads:
            batch.rows = [
                row for row in batch.rows if row.party not in {h.party for h in batch.heads}
            ]
        super().commit(batch)


class LyingDisk(SimJournal):
    """Fails, and says that all is well."""

    def commit(self, batch: Batch) -> None:
        if self.broken is None:
            super().commit(batch)


class NoisyNetwork(Network):
    """Changes a byte of whatever is long enough to carry an entry."""

    def altered(self, body: bytes) -> bytes:
        return body[:-2] + b"?" + body[-1:] if b"call." in body else body


class DeafStation(Station):
    """Its first rung never rings."""

    def _perform(self, effect: Effect) -> None:
        if not (isinstance(effect, Ring) and effect.rung == 1):
            super()._perform(effect)


class LateStation(Station):
    """Oversleeps each deadline by some of a second."""

    def _wake(self, number: int) -> None:
        self._scheduler.after(700, lambda: super(LateStation, self)._wake(number))


class TiringStation(Station):
    """Rings each rung once, and then no more."""

    def _perform(self, effect: Effect) -> None:
        if not (isinstance(effect, Ring) and not effect.id.endswith(":0")):
            super()._perform(effect)


class ObligingStation(Station):
    """Answers for its people, who are asleep."""

    def _perform(self, effect: Effect) -> None:
        super()._perform(effect)
        if isinstance(effect, Ring) and effect.demand.value == "call":
            event = Acknowledge(by="node", call=effect.what, echelon=effect.echelon)
            self._scheduler.after(10, lambda: self.do(event, human=False))


class ConsentingStation(Station):
    """Takes having read for having agreed."""

    def _perform(self, effect: Effect) -> None:
        super()._perform(effect)
        if isinstance(effect, Hush):
            event = Dispose(by="node", call=effect.what, disposition="will_comply")
            self._scheduler.after(10, lambda: self.do(event, human=False))


class ShrinkingStation(Station):
    """Shares a little less than what is real."""

    def taken_in(self, event: Event) -> Event:
        if not isinstance(event, Declare):
            return event
        return replace(event, volumes=tuple(map(_shrunk, event.volumes)))


class TellingStation(Station):
    """Lets a label be seen in the time at which something is sent."""

    def taken_in(self, event: Event) -> Event:
        if isinstance(event, Declare) and int(event.label[-1], 16) % 2:
            return replace(event, activity="convoy")
        return replace(event, activity="flight") if isinstance(event, Declare) else event


class BravadoStation(Station):
    """Goes on answering when it can no longer record."""

    def receive(self, body: bytes, *, late: bool = False) -> tuple[int, bytes] | None:
        if self.runtime is not None and self.runtime.unsafe is not None:
            self._admitted(body, 409, b"0\n", late=late)
            return 409, b"0\n"
        return super().receive(body, late=late)


def _shrunk(volume):
    if isinstance(volume.outline, Circle):
        smaller = Circle(centre=volume.outline.centre, radius_cm=100)
        return replace(volume, outline=smaller)
    return volume


def test_calm_nights_break_no_rule():
    assert rules(CALM) == set()


def test_an_altered_byte_is_never_admitted_and_the_sides_never_come_to_rest():
    assert 0 in rules(replace(CALM, network=NoisyNetwork), range(3))


def test_a_journal_that_loses_a_committed_entry_breaks_rule_1():
    assert 1 in rules(replace(CALM, journal=ForgetfulJournal), range(2))


def test_a_flash_that_is_stored_and_does_not_ring_breaks_rule_2():
    assert 2 in rules(replace(CALM, station=DeafStation))


def test_a_rung_that_gives_way_late_breaks_rule_3():
    assert 3 in rules(replace(CALM, station=LateStation))


def test_a_last_rung_that_does_not_repeat_breaks_rule_4():
    assert 4 in rules(replace(CALM, station=TiringStation), range(60))


def test_a_call_that_a_machine_answers_breaks_rules_4_and_6():
    assert {4, 6} <= rules(replace(CALM, station=ObligingStation))


def test_a_shape_that_does_not_contain_what_is_real_breaks_rule_5():
    assert 5 in rules(replace(CALM, station=ShrinkingStation))


def test_a_byte_that_depends_on_a_label_breaks_rule_5():
    settings = replace(CALM, station=TellingStation)
    found = [each for seed in range(6) for each in tells_no_secret(play(seed, settings))]
    assert {each.rule for each in found} == {5}


def test_a_disposition_that_follows_by_itself_breaks_rule_6():
    assert 6 in rules(replace(CALM, station=ConsentingStation))


def test_a_conflict_that_one_side_forgot_breaks_rule_7():
    found: set[int] = set()
    for seed in range(6):
        night = play(seed, CALM)
        north = night.world.station(PARTIES[0]).runtime
        assert north is not None
        north.state.conflicts.by_key.clear()
        found |= {each.rule for each in check(night)}
    assert 7 in found


def test_a_conflict_that_both_sides_missed_breaks_rule_7():
    found: set[int] = set()
    for seed in range(8, 12):
        night = play(seed, CALM)
        for station in night.world.stations:
            assert station.runtime is not None
            station.runtime.state.conflicts.by_key.clear()
        found |= {each.rule for each in check(night)}
    assert 7 in found


def test_a_node_that_answers_without_recording_breaks_rule_8():
    assert 8 in rules(NightSettings(station=BravadoStation), range(40))


def test_a_disk_that_lies_breaks_rules_1_and_8():
    assert {1, 8} <= rules(NightSettings(journal=LyingDisk), range(40))
