"""Checks: what was typed is read by the node, each fault beside its field, and nothing changes."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clearline import gateways
from clearline.basis.faults import Mistake
from clearline.basis.ids import derive
from clearline.basis.instants import HOUR_MS
from clearline.core.events import (
    Acknowledge,
    OpenCall,
    OpenLink,
    PeerUnsafe,
    ReadBack,
    Revise,
    Withdraw,
)
from clearline.core.notices import Notice
from clearline.core.terms import Precedence
from clearline.phrasebook import PHRASES, Stop
from clearline.space import MAX_VERTICES, Polygon, Volume, parse_altitude, show_band, show_position
from clearline.space.text import Form
from clearline.web.checks import (
    check_notice,
    check_notice_slowly,
    check_phrases,
    forms,
    read_file,
)
from clearline.web.drafts import (
    MAX_SHAPES,
    DraftVolume,
    FieldFault,
    FileDraft,
    NoticeCheck,
    NoticeDraft,
    PhraseCheck,
    PhraseDraft,
    PhrasesDraft,
)
from clearline.web.reading import MAX_FAULTS, MAX_POINTS
from tests.kit import LINK, Pair, circle, declare, degrees, volume

TYPED: dict[str, Any] = {
    "links": (LINK,),
    "activity": "flight",
    "shape": "circle",
    "centre": "35.3000N 040.1000E",
    "radius": "5 km",
    "lower": "FL100",
    "upper": "FL180",
    "start": "+3h",
    "end": "+5h",
}


def check(pair: Pair, **typed: Any) -> NoticeCheck:
    """Return what the node makes of a draft, having made sure that the node is as it was."""
    state = pair.north.runtime.state
    before, size = state.pack(), len(pair.north.effects)
    seen = check_notice(state, NoticeDraft(**(TYPED | typed)), pair.now)
    assert state.pack() == before, "a check changes nothing"
    assert len(pair.north.effects) == size, "a check does nothing"
    return seen


def faults(seen: NoticeCheck | PhraseCheck) -> dict[str, FieldFault]:
    return {each.field: each for each in seen.faults}


@pytest.fixture(scope="module")
def pair() -> Pair:
    """A line on which nothing is declared."""
    return Pair()


@pytest.mark.parametrize(
    ("typed", "field", "code", "right", "at"),
    [
        ({"centre": "3530.0 04010.0"}, "centre", "hemisphere_missing", "N", None),
        ({"centre": "95.3000N 040.1000E"}, "centre", "out_of_range", "90", None),
        ({"centre": "north of the town"}, "centre", "place_vague", "coordinates", 0),
        ({"centre": "9 km 180 from Nowhere"}, "centre", "anchor_unknown", "Deir ez-Zor", 14),
        ({"centre": ""}, "centre", "missing", "3514.2N", None),
        ({"radius": "5"}, "radius", "bad_length", "5 km", None),
        ({"radius": "0 m"}, "radius", "zero_size", "at least 1 m", None),
        ({"lower": "FL200"}, "upper", "band_inverted", "swap", None),
        ({"lower": "100 m"}, "lower", "altitude_datum_missing", "AGL", None),
        ({"upper": "high"}, "upper", "altitude_unreadable", "FL120", 0),
        ({"start": "noon"}, "start", "bad_time", "1430Z", None),
        ({"start": "-3h", "end": "-1h"}, "end", "window_past", "to come", None),
        ({"start": "+5h", "end": "+3h"}, "end", "window_inverted", "after the start", None),
        ({"end": "+9000h"}, "end", "window_too_long", "at most", None),
        ({"links": ()}, "links", "missing", "choose", None),
        ({"links": (LINK, LINK)}, "links", "link_twice", "once", None),
        ({"links": ("nobody",)}, "links", "no_such_link", "nobody", None),
        ({"activity": ""}, "activity", "missing", "convoy, flight", None),
        ({"activity": "picnic"}, "activity", "unknown_activity", "convoy, flight", None),
        ({"revises": "nothing"}, "revises", "no_such_notice", "nothing", None),
        ({"place_at": "35.3N 040.1E"}, "place_from", "missing", "from NAME", None),
        ({"place_from": "9 km 180 from Deir ez-Zor city"}, "place_at", "missing", "MGRS", None),
        ({"shape": "drawn"}, "shape", "missing", "file", None),
    ],
)
def test_a_fault_is_beside_its_field_and_says_what_would_be_right(
    pair: Pair, typed: dict[str, Any], field: str, code: str, right: str, at: int | None
):
    seen = check(pair, **typed)
    fault = faults(seen)[field]
    assert fault.code == code
    assert right in fault.phrase
    if at is not None:
        assert fault.at == at
    assert seen.volumes == ()
    assert seen.links == ()


def test_every_field_that_is_wrong_is_told_at_once(pair: Pair):
    wrong = {"centre": "x1", "radius": "y", "lower": "z", "start": "then", "activity": "picnic"}
    assert set(faults(check(pair, **wrong))) == set(wrong)


@pytest.mark.parametrize(
    ("points", "code", "at"),
    [
        ("35N 040E\n36N 041E\n35N 041E\n36N 040E", "self_crossing", None),
        ("35N 040E\n35N 040E\n36N 041E", "repeated_point", None),
        ("35N 040E\n36N 041E", "too_few_points", None),
        ("35N 040E\n36N 041E\n95N 041E", "out_of_range", 18),
        ("35N 040E;36N 041E; 5N", "half_missing", None),
        ("", "missing", None),
    ],
)
def test_a_polygon_that_is_none_is_told_with_the_place_in_the_text(
    pair: Pair, points: str, code: str, at: int | None
):
    fault = faults(check(pair, shape="polygon", points=points))["points"]
    assert fault.code == code
    if at is not None:
        assert fault.at == at
        assert "position 3" in fault.phrase


def test_pasted_positions_are_read_in_any_form_and_read_back_in_three(pair: Pair):
    mixed = "3518.0N 04006.0E; 37SFV1234567890\n9 km 180 from Deir ez-Zor city"
    seen = check(pair, shape="corridor", points=mixed, width="2 km")
    assert seen.faults == ()
    assert len(seen.read) == 3
    assert seen.read[0].decimal == "35.30000N 040.10000E"
    assert seen.read[0].dms == "35°18'00.0\"N 040°06'00.0\"E"
    assert seen.read[1].mgrs == show_position(seen.volumes[0].outline.points[1], Form.MGRS)


def test_a_corridor_too_narrow_is_a_fault_of_its_width(pair: Pair):
    seen = check(pair, shape="corridor", points="35N 040E\n35.1N 040E", width="1 m")
    assert faults(seen)["width"].code == "zero_size"


def test_more_than_can_be_read_is_refused_before_it_is_read(pair: Pair):
    many = "\n".join(["35N 040E"] * (MAX_VERTICES + 1))
    assert faults(check(pair, shape="polygon", points=many))["points"].code == "too_many_points"
    junk = check(pair, shape="polygon", points="x1;" * 900)
    assert len(junk.faults) == MAX_FAULTS


def test_what_is_drawn_is_checked_shape_by_shape(pair: Pair):
    crossed = Polygon(exterior=(degrees(35, 40), degrees(36, 41), degrees(35, 41), degrees(36, 40)))
    upside = replace(volume().band, lower=parse_altitude("FL300"))
    drawn = (
        DraftVolume(outline=circle(35.3, 40.1)),
        DraftVolume(outline=crossed),
        DraftVolume(outline=circle(35.3, 40.1), band=upside),
    )
    said = [each.phrase for each in check(pair, shape="drawn", volumes=drawn).faults]
    assert [each.partition(":")[0] for each in said] == ["shape 2", "shape 3"]
    ring = tuple(degrees(35 + n / 1_000, 40 + (n % 2) / 10) for n in range(900))
    many = tuple(DraftVolume(outline=Polygon(exterior=ring)) for _ in range(MAX_POINTS // 900 + 1))
    fault = faults(check(pair, shape="drawn", volumes=many))["shape"]
    assert fault.code == "too_many_points"


def test_what_every_shape_of_a_file_brings_need_not_be_typed(pair: Pair):
    one = volume(now=pair.now)
    drawn = DraftVolume(outline=one.outline, band=one.band, window=one.window)
    untyped = {"lower": "", "upper": "", "start": "", "end": ""}
    seen = check(pair, shape="drawn", volumes=(drawn,), **untyped)
    assert seen.volumes == (one,)
    bare = replace(drawn, band=None)
    seen = check(pair, shape="drawn", volumes=(drawn, bare), **untyped)
    assert set(faults(seen)) == {"lower", "upper"}


def test_without_anything_near_it_is_no_conflict_and_what_they_see_is_shown(pair: Pair):
    seen = check(pair)
    (link,) = seen.links
    assert link.verdict == "no_conflict"
    assert link.why is None
    assert "rounded" in link.changes
    assert link.they_see != seen.volumes
    assert (link.late, link.lead_ms, link.given_ms) == (False, 2 * HOUR_MS, 3 * HOUR_MS)
    assert check(pair, start="+10min").links[0].late


def test_a_conflict_is_shown_with_the_notice_and_ways_out_that_are_ones():
    pair = Pair()
    theirs = pair.south.do(declare(), pair.now)
    pair.settle()
    (link,) = check(pair).links
    assert link.verdict == "conflict"
    assert [each.theirs for each in link.conflicts] == [theirs]
    for way in link.ways_out:
        drawn = tuple(
            DraftVolume(outline=each.outline, band=each.band, window=each.window)
            for each in way.volumes
        )
        assert check(pair, shape="drawn", volumes=drawn).links[0].verdict == "no_conflict"


def test_a_stated_place_that_does_not_fit_its_anchor_is_refused(pair: Pair):
    place = {"place_at": "35.2522N 040.1500E", "place_from": "9 km 180 from Deir ez-Zor airfield"}
    (link,) = check(pair, **place).links
    assert (link.verdict, link.refused) == ("not_checked", True)
    assert link.why is not None
    assert "Deir ez-Zor city" in link.why.phrase


def test_what_declaring_would_refuse_is_refused_and_not_called_clear(pair: Pair):
    (link,) = check(pair, centre="10N 010E").links
    assert (link.verdict, link.refused) == ("not_checked", True)
    assert link.why is not None
    assert link.why.code == "outside_area"


def test_what_cannot_be_known_is_never_called_clear():
    alone = Pair(opened=False)
    alone.open()
    assert check(alone).links[0].verdict == "no_conflict"
    alone.north.do(PeerUnsafe(link=LINK), alone.now)
    unsafe = check(alone).links[0]
    assert unsafe.verdict == "not_checked"
    assert unsafe.why is not None
    assert unsafe.why.code == "peer_unsafe"

    silent = Pair()
    silent.now = silent.now.after(HOUR_MS)  # Nothing was heard for an hour.
    (link,) = check(silent).links
    assert (link.verdict, link.refused) == ("not_checked", False)
    assert link.why is not None
    assert link.why.code == "link_down"
    assert link.they_see, "it may be sent all the same, for a reason"


def test_without_terms_in_force_nothing_can_be_declared():
    pair = Pair(opened=False)
    north = pair.north
    north.do(OpenLink(by="liaison", us="north", terms=pair.terms, agree=True), pair.now)
    (link,) = check(pair).links
    assert link.refused
    assert link.why is not None
    assert link.why.code == "no_terms"


def test_a_revision_differs_only_in_what_the_other_side_sees_differ():
    pair = Pair()
    notice = pair.north.do(declare(), pair.now)
    pair.settle()
    assert check(pair, revises=notice).differences == (), "rounded, it is the same"
    seen = check(pair, revises=notice, upper="FL200", end="+7h")
    assert [each.what for each in seen.differences] == ["band", "end"]
    pair.north.do(Revise(by="planner", notice=notice, volumes=seen.volumes), pair.now)
    after = pair.north.runtime.state.notice(notice)
    assert after.volumes == seen.links[0].they_see
    assert show_band(after.volumes[0].band) in [each.after for each in seen.differences]
    pair.north.do(Withdraw(by="planner", notice=notice), pair.now)
    assert faults(check(pair, revises=notice))["revises"].code == "notice_ended"


FIELDS = (
    "centre", "radius", "points", "width", "lower", "upper", "start", "end",
    "place_at", "place_from", "activity",
)  # fmt: skip
texts = st.text(max_size=40) | st.sampled_from(
    ["35.3N 040.1E", "5 km", "FL100", "SFC", "+3h", "1430Z", "9 km 180 from Deir ez-Zor city"]
)


@settings(deadline=None, max_examples=150)
@given(
    st.fixed_dictionaries(
        {
            "shape": st.sampled_from(["circle", "polygon", "corridor", "drawn"]),
            **dict.fromkeys(FIELDS, texts),
        }
    )
)
def test_whatever_is_typed_is_read_or_faulted_and_never_breaks(typed: dict[str, str]):
    pair = Pair()
    seen = check_notice(pair.north.runtime.state, NoticeDraft(links=(LINK,), **typed), pair.now)
    assert bool(seen.faults) != bool(seen.volumes)
    assert all(each.phrase and each.code for each in seen.faults)


def said(pair: Pair, *phrases: PhraseDraft, **more: Any) -> PhraseCheck:
    state = pair.south.runtime.state
    return check_phrases(state, PhrasesDraft(link=LINK, phrases=phrases, **more), pair.now)


STOP = PhraseDraft(phrase="stop", slots={"place": "35.2560N 040.1500E", "radius_cm": "500 m"})


def test_a_phrase_is_read_and_shown_in_codes_and_in_every_language():
    pair = Pair()
    notice = pair.north.do(declare(volume(35.256, 40.15, start_ms=-HOUR_MS)), pair.now)
    pair.settle()
    seen = said(pair, STOP)
    assert seen.faults == ()
    assert seen.coded[0].startswith("STOP")
    assert all(len(each) == 1 for each in seen.text.values())
    assert set(seen.text) >= {"en", "ru"}
    assert seen.attaches == (notice,)
    assert seen.read["0.place"].decimal == "35.25600N 040.15000E"
    assert "rounded" in seen.changes
    opened = OpenCall(
        by="officer", link=LINK, precedence=Precedence.FLASH, phrases=seen.phrases, notices=()
    )
    call = pair.south.runtime.state.call(pair.south.do(opened, pair.now))
    assert call.said[0].phrases == seen.leaves
    assert call.notices == seen.attaches


@pytest.mark.parametrize(
    ("phrase", "slots", "field", "right"),
    [
        ("STOP", {"place": "35N 040E", "radius_cm": "200 km"}, "0.radius_cm", "100 km"),
        ("STOP", {"place": "3530 4010", "radius_cm": "1 km"}, "0.place", "N"),
        ("STOP", {"radius_cm": "1 km"}, "0.place", "must be said"),
        ("DISTRESS", {"place": "35N 040E", "nature": "storm"}, "0.nature", "vessel"),
        ("DISTRESS", {"place": "35N 040E", "nature": "fire", "persons": "0"}, "0.persons", "1 to"),
        ("AFFIRM", {"reference": "abc"}, "0.reference", "id of a notice"),
        ("STANDBY", {"reference": LINK, "wait_ms": "2 h"}, "0.wait_ms", "3600 s"),
        ("FREE TEXT", {"text": "x" * 501, "language": "en"}, "0.text", "500"),
        ("HELLO", {}, "0", "STOP"),
    ],
)
def test_what_is_wrong_in_a_phrase_is_beside_its_slot(
    pair: Pair, phrase: str, slots: dict[str, str], field: str, right: str
):
    seen = said(pair, PhraseDraft(phrase=phrase, slots=slots))
    assert right in faults(seen)[field].phrase
    assert seen.phrases == ()


def test_a_read_back_is_held_against_what_was_said_as_it_would_leave():
    pair = Pair()
    stop = Stop(place=degrees(35.256, 40.15), radius_cm=50_000)
    asked = OpenCall(by="o", link=LINK, precedence=Precedence.FLASH, phrases=(stop,))
    call = pair.north.do(asked, pair.now)
    pair.settle()
    heard = pair.south.runtime.state.call(call).said[0]
    (first,) = heard.phrases
    right = {
        "place": show_position(first.place, Form.DECIMAL),
        "radius_cm": f"{first.radius_cm / 100:g} m",
    }
    about = {"call": call, "restates": heard.entry}
    same = said(pair, PhraseDraft(phrase="STOP", slots=right), **about)
    assert same.differs == ()
    assert same.leaves == heard.phrases, "their own words are not rounded again"
    wrong = right | {"place": "35.3560N 040.1500E"}
    differs = said(pair, PhraseDraft(phrase="STOP", slots=wrong), **about)
    assert differs.differs == ("place",)
    pair.south.do(Acknowledge(by="o", call=call, echelon="duty-desk"), pair.now)
    pair.settle()
    pair.south.do(ReadBack(by="o", call=call, of=heard.entry, phrases=same.phrases), pair.now)
    pair.settle()
    assert "readback_agrees" in pair.north.codes()


def test_every_phrase_and_slot_is_described_with_its_kind_and_limits():
    described = forms()
    assert [each.phrase for each in described.phrases] == list(PHRASES)
    slots = {(p.phrase, s.name): s for p in described.phrases for s in p.slots}
    for code, kind in PHRASES.items():
        assert [s for p, s in slots if p == code] == list(kind.__struct_fields__)
    radius = slots["STOP", "radius_cm"]
    assert (radius.kind, radius.required, radius.critical) == ("length", True, True)
    assert (radius.least, radius.most) == (100, 10_000_000)
    assert slots["DISTRESS", "nature"].kind == "choice"
    assert "vessel" in slots["DISTRESS", "nature"].choices
    assert slots["FREE TEXT", "text"].most == 500
    assert "will_comply" in described.dispositions


READ = partial(gateways.read, limits=gateways.CONSOLE)


def feature(coordinates: Any, **properties: Any) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": coordinates}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: Any) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


@pytest.mark.parametrize(
    ("name", "text", "code", "said"),
    [
        ("a.geojson", "{,}", "file_unreadable", "not JSON"),
        ("a.kml", "nothing", "file_unreadable", "not XML"),
        ("a.kml", "PK\x03\x04", "file_unreadable", "no KMZ"),
        ("a.shp", "anything", "unknown_file", ".geojson"),
        ("a.json", "", "file_empty", "empty"),
        ("a.json", " " * 5_000_001, "file_too_large", "5,000,000"),
        (
            "a.json",
            collection(*(feature([40, 35], radius_m=9),) * (MAX_SHAPES + 1)),
            "too_many_features",
            str(MAX_SHAPES),
        ),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_it_says_is_refused_whole(
    name: str, text: str, code: str, said: str
):
    with pytest.raises(Mistake) as caught:
        read_file(FileDraft(name=name, text=text), READ)
    assert caught.value.code == code
    assert said in caught.value.phrase


def test_what_is_wrong_in_a_file_is_told_beside_what_is_right():
    text = collection(
        feature([40, 95], radius_m=9),
        feature([40, 35]),
        feature([40, 35], radius_m=9, colour="red"),
    )
    read = read_file(FileDraft(name="a.json", text=text), gateways.read)
    assert (len(read.shapes), read.refused, read.format) == (1, 2, "geojson")
    assert [(each.item, each.line, each.code) for each in read.faults] == [
        ("feature 1", 1, "out_of_range"), ("feature 2", 1, "radius_m_missing"),
    ]  # fmt: skip
    assert "swapped" in read.faults[0].suggestion
    assert read.lost == ("the property colour",)


def test_a_file_that_is_one_gives_its_shapes_and_what_they_bring():
    text = collection(feature([40, 35], radius_m=900, name="A", lower="SFC", upper="FL100"))
    (shape,) = read_file(FileDraft(name="x.GeoJSON", text=text), gateways.read).shapes
    assert shape.name == "A"
    assert shape.volume.band is not None
    assert shape.volume.window is None


def test_what_is_given_can_be_written_as_the_api_writes_it():
    pair = Pair()
    pair.south.do(declare(), pair.now)
    pair.settle()
    for each in (check(pair), said(pair, STOP), forms()):
        assert msgspec.json.decode(msgspec.json.encode(each, enc_hook=str))


def crowd(pair: Pair, count: int, make: Callable[[int], tuple[Volume, ...]]) -> None:
    """Put so many active notices of theirs into north's memory, as if they had arrived."""
    state = pair.north.runtime.state
    for n in range(count):
        name = derive(pair.now, n & 0xFFF, "crowd", n)
        state.notices.put(
            Notice(
                id=name, link=LINK, mine=False, entry=name, revision=1, activity="flight",
                volumes=make(n), late=False, declared_at=pair.now, stated_at=pair.now, index=n,
            )
        )  # fmt: skip


def scattered(n: int) -> tuple[Volume, ...]:
    lat, lon = 34.1 + (n * 37 % 280) / 100, 38.1 + (n * 53 % 380) / 100
    return (volume(lat, lon, radius_m=1_000 + n % 14_000, start_ms=(1 + n % 240) * HOUR_MS // 2),)


def crowded(n: int) -> tuple[Volume, ...]:
    turn = n % 100
    ring = [(35.0, 39.8), (35.0, 40.4), (35.6, 40.4), (35.6, 39.8)]
    edge = [
        degrees(a + (c - a) * k / 25 + turn / 1e4, b + (d - b) * k / 25)
        for (a, b), (c, d) in zip(ring, ring[1:] + ring[:1], strict=True)
        for k in range(25)
    ]
    return tuple(replace(volume(), outline=Polygon(exterior=tuple(edge))) for _ in range(4))


def test_a_preview_among_ten_thousand_notices_takes_a_fraction_of_what_a_page_may_wait():
    pair = Pair()
    crowd(pair, 10_000, scattered)
    state, draft = pair.north.runtime.state, NoticeDraft(**TYPED)
    took_ms: list[float] = []
    for n in range(20):
        moved = msgspec.structs.replace(draft, centre=f"35.{300 + n}0N 040.1000E", radius="40 km")
        began = time.perf_counter()
        seen = check_notice(state, moved, pair.now)
        took_ms.append((time.perf_counter() - began) * 1_000)
        assert seen.links[0].verdict in {"conflict", "no_conflict"}
    print(
        f"\npreview, 10,000 active notices: median {statistics.median(took_ms):.1f} ms,"
        f" worst {max(took_ms):.1f} ms"
    )
    assert statistics.median(took_ms) < 200


def test_however_dense_it_is_the_nodes_other_work_gets_its_turn():
    pair = Pair()
    crowd(pair, 400, crowded)
    state = pair.north.runtime.state
    drawn = tuple(DraftVolume(outline=each.outline, band=each.band) for each in crowded(1))
    draft = NoticeDraft(**(TYPED | {"shape": "drawn", "volumes": drawn}))
    held_ms: list[float] = []

    async def others() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0)
            held_ms.append((time.perf_counter() - began) * 1_000)

    async def both() -> NoticeCheck:
        beside = asyncio.create_task(others())
        seen = await check_notice_slowly(state, draft, pair.now)
        beside.cancel()
        return seen

    began = time.perf_counter()
    seen = asyncio.run(both())
    took_ms = (time.perf_counter() - began) * 1_000
    print(
        f"\na dense preview of {took_ms:.0f} ms: {len(held_ms)} turns,"
        f" held at most {max(held_ms):.1f} ms"
    )
    assert seen.links[0].verdict == "conflict"
    assert len(held_ms) > 20
    assert statistics.median(held_ms) < 100
