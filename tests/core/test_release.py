"""Release: what leaves contains what is real, and tells nothing of what is secret."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.instants import HOUR_MS, MINUTE_MS, SECOND_MS
from clearline.core.effects import Append
from clearline.core.events import (
    AcceptWatch,
    Acknowledge,
    Close,
    ConfirmPresence,
    Declare,
    Dispose,
    HandOver,
    LeaveWatch,
    Note,
    OfferWatch,
    OpenCall,
    OpenLink,
    Place,
    ReadBack,
    RelieveWatch,
    ReportViolation,
    Revise,
    Say,
    SendTest,
    TakeWatch,
    Withdraw,
)
from clearline.core.release import release_notice, release_phrases
from clearline.core.terms import Precedence, ReleaseField, ReleaseRules
from clearline.phrasebook import AnchorQuery, Clear, FreeText, NoPresence, Presence, Stop
from clearline.record import MAX_ENTRY_BYTES, canonical
from clearline.space import (
    Circle,
    Corridor,
    Polygon,
    Position,
    Reference,
    Volume,
    covers,
    horizontal_cm,
)
from tests.core.counterpart import FLASH, Counterpart, notice_body
from tests.kit import AIR, LINK, START, Pair, declare, degrees, terms, volume

TERMS = terms()
GRID = TERMS.release.grid
CALL_GRID = TERMS.release.call_grid
STOP = Stop(place=degrees(35.256, 40.15), radius_cm=50_000)


def bare(*fields: ReleaseField) -> ReleaseRules:
    return ReleaseRules(fields=fields, grid=GRID, call_grid=CALL_GRID)


# Noninterference (rule 5): the same story told twice, with nothing alike but what may leave.

SECRETS = st.fixed_dictionaries(
    {
        "officer": st.text("abcdefgh", min_size=1, max_size=12),
        "label": st.text("ABCDEFGH ", max_size=20),
        "reason": st.text("IJKLMN ", max_size=20),
        "lat": st.integers(-40_000, 40_000),
        "lon": st.integers(-40_000, 40_000),
        "radius_cm": st.integers(-90_000, 0),
        "time_ms": st.integers(0, 4 * MINUTE_MS),
        "level_cm": st.integers(0, 9_000),
        "near_cm": st.integers(-400, 400),
    }
)


def told(secret: dict) -> list[bytes]:
    """Return every byte that a node with these secrets sends."""
    line = Counterpart()
    node, by = line.node, secret["officer"]

    def do(event: object) -> str:
        line.now = line.now.after(SECOND_MS)
        return node.do(event, line.now)

    def drawn(lat_e7: int, lon_e7: int) -> Volume:
        # Each number moves within the cell of the grid that it lies in the middle of.
        centre = Position(lat_e7=lat_e7 + secret["lat"], lon_e7=lon_e7 + secret["lon"])
        outline = Circle(centre=centre, radius_cm=600_000 + secret["radius_cm"])
        start = START.after(3 * HOUR_MS + secret["time_ms"])
        upper = replace(AIR.upper, value_cm=18 * 15_240 + 15_240 - secret["level_cm"])
        window = {"start": start, "end": START.after(5 * HOUR_MS - secret["time_ms"])}
        made = volume(35, 40)
        return Volume(
            outline=outline,
            band=replace(made.band, lower=replace(AIR.lower, value_cm=15_240 * 3), upper=upper),
            window=replace(made.window, **window),
        )

    near = secret["near_cm"]
    place = Position(lat_e7=352_560_000 + near, lon_e7=401_500_000 - near)
    stop = Stop(place=place, radius_cm=50_000 - abs(near))
    do(LeaveWatch(by=by, echelon="duty-desk"))
    do(TakeWatch(by=by, echelon="deputy", languages=("en",)))
    do(HandOver(by=by, to=by + "x", echelon="deputy", languages=("ru",)))
    do(OfferWatch(by=by + "x", to=by + "y", echelon="deputy"))
    do(AcceptWatch(by=by + "y", echelon="deputy", read=()))
    do(ConfirmPresence(by=by + "y", echelon="deputy"))
    do(RelieveWatch(by=by, echelon="deputy", languages=("en",)))
    declared = Declare(
        by=by,
        links=(LINK,),
        activity="flight",
        label=secret["label"],
        reason=secret["reason"],
        volumes=(drawn(353_000_000, 401_000_000),),
    )
    notice = do(declared)
    line.says("notice.declared", notice_body(line.now))
    do(Note(by=by, notice=line.said[-1], disposition="received"))
    do(Revise(by=by, notice=notice, volumes=(drawn(354_000_000, 401_000_000),)))
    do(SendTest(by=by, link=LINK))
    call = do(OpenCall(by=by, link=LINK, precedence=Precedence.FLASH, phrases=(stop,)))
    do(Say(by=by, call=call, phrases=(replace(stop, reference=notice),)))
    line.says("call.opened", FLASH)
    theirs = line.said[-1]
    do(Acknowledge(by=by, call=theirs, echelon="deputy"))
    do(ReadBack(by=by, call=theirs, of=theirs, phrases=(stop,)))
    do(Dispose(by=by, call=theirs, disposition="received"))
    do(Close(by=by, call=theirs))
    violation = ReportViolation(
        by=by, link=LINK, rule="not-notified", place=place, seen=START, notice=notice
    )
    do(violation)
    do(Withdraw(by=by, notice=notice))
    return [row.raw for row in node.journal.rows(LINK, "south", 0, 999)]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(SECRETS, SECRETS)
def test_two_nodes_that_differ_only_in_secrets_send_the_same_bytes(one, other):
    assert told(one) == told(other)


def test_the_comparison_above_would_see_a_difference():
    plain = {"officer": "a", "label": "", "reason": "", "lat": 0, "lon": 0, "radius_cm": 0}
    plain |= {"time_ms": 0, "level_cm": 0, "near_cm": 0}
    assert told(plain) != told(plain | {"lat": 200_000})


# Containment: what is shared holds what was drawn.

LATS, LONS = st.integers(343_000_000, 367_000_000), st.integers(383_000_000, 417_000_000)
POINTS = st.builds(lambda lat, lon: Position(lat_e7=lat, lon_e7=lon), LATS, LONS)
RADII = st.integers(100, 2_000_000)


@settings(max_examples=60, deadline=None)
@given(POINTS, RADII, st.integers(0, HOUR_MS), st.integers(1, HOUR_MS))
def test_every_released_notice_contains_what_was_drawn(centre, radius_cm, begins, lasts):
    drawn = volume(start_ms=begins, length_ms=lasts)
    drawn = replace(drawn, outline=Circle(centre=centre, radius_cm=radius_cm))
    out = release_notice((drawn,), "flight", None, TERMS)
    (released,) = out.volumes
    assert released.window.start <= drawn.window.start
    assert released.window.end >= drawn.window.end
    assert released.band.lower.value_cm <= drawn.band.lower.value_cm
    assert released.band.upper.value_cm >= drawn.band.upper.value_cm
    if isinstance(released.outline, Circle):
        apart = horizontal_cm(point(released.outline.centre), point(centre)) + 202
        assert apart + radius_cm <= released.outline.radius_cm + 1


def point(at: Position) -> Circle:
    return Circle(centre=at, radius_cm=100)


@settings(max_examples=60, deadline=None)
@given(POINTS, st.integers(100, 9_000_000))
def test_every_place_said_in_a_call_contains_the_one_meant(place, radius_cm):
    (out,), _ = release_phrases((Stop(place=place, radius_cm=radius_cm),), TERMS)
    assert horizontal_cm(point(out.place), point(place)) + 202 + radius_cm <= out.radius_cm + 1
    assert out.place.lat_e7 % CALL_GRID.position_e7 == 0
    assert out.radius_cm % CALL_GRID.length_cm == 0


def test_a_place_too_wide_to_be_said_is_the_users_mistake_and_not_the_counterparts_refusal():
    wide = Stop(place=degrees(35.256, 40.15), radius_cm=10_000_000)
    with pytest.raises(Mistake):
        release_phrases((wide,), TERMS)


def test_what_lies_outside_the_area_is_not_shared():
    with pytest.raises(Mistake, match="inside the area"):
        release_notice((volume(50, 10),), "flight", None, TERMS)


def test_what_the_terms_do_not_list_is_withheld_and_the_log_says_so():
    stated = Reference(anchor="Deir ez-Zor city", range_cm=900_000, bearing_mdeg=180_000)
    place = Place(at=degrees(35.25, 40.15), stated=stated)
    out = release_notice((volume(),), "flight", place, terms(release=bare()))
    assert (out.activity, out.place) == ("unspecified", None)
    assert {"withheld:activity", "withheld:place"} <= set(out.changes)


def test_free_text_leaves_by_no_way_that_the_terms_do_not_list():
    line = Counterpart(release=bare())
    line.says("call.opened", FLASH)
    call = line.said[-1]
    words = (FreeText(text="the convoy is ours", language="en"),)
    asks = [
        OpenCall(by="o", link=LINK, precedence=Precedence.FLASH, phrases=words),
        Say(by="o", call=call, phrases=words),
        ReadBack(by="o", call=call, of=call, phrases=words),
    ]
    for ask in asks:
        (outcome,) = line.node.runtime.submit([ask], line.now)
        assert outcome.mistake.code == "no_free_text"


def test_a_read_back_repeats_what_was_said_to_the_digit():
    line = Counterpart()
    exact = {"phrase": "STOP", "place": {"lat_e7": 352_561_237, "lon_e7": 401_500_001}}
    line.says("call.opened", {"phrases": [exact | {"radius_cm": 4_567}], "precedence": "flash"})
    call = line.said[-1]
    line.node.do(Acknowledge(by="o", call=call, echelon="duty-desk"), line.now)
    heard = line.state.calls.by_id[call].phrases
    line.node.do(ReadBack(by="o", call=call, of=call, phrases=heard), line.now)
    assert line.answers()[-1][1]["phrases"] == [exact | {"radius_cm": 4_567}]


def test_a_read_back_of_another_place_is_no_finer_than_a_call():
    line = Counterpart()
    line.says("call.opened", FLASH)
    call = line.said[-1]
    line.node.do(Acknowledge(by="o", call=call, echelon="duty-desk"), line.now)
    fine = Stop(place=Position(lat_e7=352_561_237, lon_e7=401_500_001), radius_cm=4_567)
    line.node.do(ReadBack(by="o", call=call, of=call, phrases=(fine,)), line.now)
    (said,) = line.answers()[-1][1]["phrases"]
    assert said["place"]["lat_e7"] % CALL_GRID.position_e7 == 0


def test_no_position_of_a_phrase_is_finer_than_the_call_grid():
    fine = Position(lat_e7=352_561_237, lon_e7=401_500_001)
    query = AnchorQuery(reference=LINK, place=fine, anchor="deir-ez-zor", anchored=fine, apart_cm=1)
    window = {"begins": START, "ends": START.after(HOUR_MS)}
    presence = Presence(place=fine, radius_cm=500, **window)
    for phrase in release_phrases((query, presence), TERMS)[0]:
        for name in ("place", "anchored"):
            at = getattr(phrase, name, None)
            assert at is None or at.lat_e7 % CALL_GRID.position_e7 == 0


def test_a_notice_that_does_not_fit_in_an_entry_is_refused_before_anything_leaves():
    fine = replace(GRID, position_e7=10, length_cm=100)
    pair = Pair(release=ReleaseRules(fields=(), grid=fine, call_grid=CALL_GRID))
    north = pair.north.runtime
    many = tuple(
        replace(volume(), outline=Polygon(exterior=ring(35 + n / 10, 700))) for n in range(3)
    )
    before = north.state.pack()
    (outcome,) = north.submit([declare(*many)], pair.now)
    assert outcome.mistake.code == "too_large"
    assert north.state.pack() == before


def ring(lat: float, count: int) -> tuple[Position, ...]:
    """Return a long thin saw, which no rounding here makes shorter."""
    there = [degrees(lat + n % 2 / 1_000, 38.5 + n * 2 / count) for n in range(count)]
    return (*there, degrees(lat + 0.05, 40.5), degrees(lat + 0.05, 38.5))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(3, 990), min_size=1, max_size=8))
def test_every_notice_that_is_released_fits_in_an_entry(counts):
    fine = replace(GRID, position_e7=10, length_cm=100)
    rules = terms(release=ReleaseRules(fields=(), grid=fine, call_grid=CALL_GRID))
    drawn = tuple(
        replace(volume(), outline=Corridor(points=ring(34.2 + n / 4, count), width_cm=1_000))
        for n, count in enumerate(counts)
    )
    try:
        out = release_notice(drawn, "flight", None, rules)
    except Mistake:
        return
    assert len(canonical.encode(out.volumes)) < MAX_ENTRY_BYTES - 500


def test_a_notice_of_another_link_is_never_named():
    line = Counterpart()
    other = terms(link="019ab000-0000-7000-8000-0000000000aa")
    line.node.do(OpenLink(by="o", us="south", terms=other, agree=True), line.now)
    ours = line.node.do(declare(), line.now)
    for ask in (
        OpenCall(
            by="o", link=other.link, precedence=Precedence.FLASH, phrases=(STOP,), notices=(ours,)
        ),
        ReportViolation(
            by="o",
            link=other.link,
            rule="not-notified",
            place=degrees(35, 40),
            seen=START,
            notice=ours,
        ),
    ):
        (outcome,) = line.node.runtime.submit([ask], line.now)
        assert outcome.mistake is not None
    told_them = [each for each in line.node.told(Append) if each.link == other.link]
    assert all(ours.encode() not in each.raw for each in told_them)


def test_nothing_is_declared_from_an_empty_desk():
    pair = Pair()
    pair.north.do(LeaveWatch(by="o", echelon="duty-desk"), pair.now)
    with pytest.raises(Mistake, match="Nobody holds the watch"):
        pair.north.do(declare(), pair.now)


def test_a_statement_of_absence_shrinks_inward_and_one_of_presence_grows_outward():
    """Rounded outward, NO PRESENCE would sign that an area is empty which nobody looked at."""
    held = terms()
    said = {
        "place": degrees(35.25613, 40.15027),
        "radius_cm": 50_000,
        "begins": START.after(10_001),
        "ends": START.after(HOUR_MS + 10_001),
    }
    ((here,), _) = release_phrases((Presence(**said),), held)
    ((absent,), _) = release_phrases((NoPresence(**said),), held)
    outline = Circle(centre=said["place"], radius_cm=said["radius_cm"])

    assert covers(Circle(centre=here.place, radius_cm=here.radius_cm), outline)
    assert here.begins <= said["begins"] < said["ends"] <= here.ends
    assert covers(outline, Circle(centre=absent.place, radius_cm=absent.radius_cm))
    assert said["begins"] <= absent.begins < absent.ends <= said["ends"]


def test_a_statement_of_absence_of_which_nothing_is_left_is_not_made():
    small = Clear(place=degrees(35.256, 40.15), radius_cm=5_000)
    with pytest.raises(Mistake, match="nothing is left"):
        release_phrases((small,), terms())
