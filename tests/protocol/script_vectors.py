"""Vectors of whole exchanges: entries that arrive, people who act, deadlines that come.

Every outcome is given by hand where the entry arrives; a script that comes out otherwise is
not written.
"""

from __future__ import annotations

from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS
from clearline.core.terms import hash_of
from tests.protocol.entry_vectors import FOUND, PLACE
from tests.protocol.world import (
    CITY,
    LINK,
    OTHER,
    STOP,
    Json,
    Script,
    changed,
    circle,
    entry_text,
    example_terms,
    party,
    place,
    terms_of,
    volume,
)

HEIGHTS: Json = {
    "pressure": {"lowest_hpa": 980, "highest_hpa": 1_040, "temperature_pct": 10},
    "terrain": {"lowest_cm": 20_000, "highest_cm": 150_000},
}


def documents() -> dict[str, Json]:
    """Return the terms documents that the scripts name."""
    good = example_terms()
    return {
        "example": good,
        "few": changed(
            good,
            {
                "limits/open_calls": 1,
                "limits/notices_per_hour": 3,
                "limits/active_notices": 2,
                "limits/volumes_per_notice": 2,
            },
        ),
        "wider": changed(good, {"version": 2, "minima/horizontal_cm": 900_000}),
        "drier": changed(good, {"version": 2, "minima/horizontal_cm": 700_000}),
        "widest": changed(good, {"version": 3, "minima/horizontal_cm": 1_200_000}),
        "narrow": changed(good, {"version": 3, "minima/horizontal_cm": 100_000}),
        "same": changed(good, {"minima/horizontal_cm": 900_000}),
        "stranger": changed(good, {"version": 2, "parties/0": party("stranger")}),
        "crossed": changed(good, {"version": 2, "pulse/down_after_ms": 15_000}),
        "idle": changed(good, {"ladders/flash/act_ms": 120_000}),
        "stated": changed(good, {"minima/heights": HEIGHTS}),
        "asked": changed(good, {"presence": {"every_ms": 300_000, "grace_ms": 30_000}}),
    }


DOCUMENTS = documents()


def script(note: str, *, agreed: bool = True, base: str = "example") -> Script:
    return Script(note, DOCUMENTS, agreed=agreed, base=base)


def notice(**changes: object) -> Json:
    return {"activity": "flight", "volumes": [volume()], "late": False} | changes


def revision(number: int, **changes: object) -> Json:
    return {"revision": number, "volumes": [volume()], "late": False} | changes


def flash(**changes: object) -> Json:
    return {"precedence": "flash", "phrases": [STOP]} | changes


def id_rules() -> list[Json]:
    one = script("the ids of a feed strictly increase; a call is let in all the same")
    first = one.new_id()
    second = one.new_id()
    status = {"status": "in_force"}
    one.arrives("status.announced", status, entry_id=second)
    one.arrives("status.announced", status, entry_id=first, expect="out_of_order")
    one.arrives("status.announced", status, entry_id=second, expect="out_of_order")
    one.arrives("call.opened", flash(), entry_id=first)
    one.expect_says("call.ringing")
    one.arrives("call.opened", flash(), entry_id=first, expect="duplicate")
    one.arrives("status.announced", status)
    two = script("an unknown kind is kept, not refused, and its id is not compared")
    late = two.new_id()
    two.later(1_000)
    two.arrives("pigeon.sent", {"colour": "grey"}, expect="not_understood")
    two.arrives("status.announced", status, entry_id=late)
    two.arrives("pigeon.sent", {}, entry_id=late, expect="not_understood")
    three = script("what is no entry is answered by its index, without a reference")
    three.arrives("", {}, text="{}", expect="malformed")
    assert three.said()[0]["re"] == [], three.said()
    three.arrives("", {}, text="no JSON", expect="malformed")
    other = entry_text("call.closed", {}, at=three.now, entry_id=three.new_id())
    three.arrives("", {}, text=other.replace(":1}", ":2}"), expect="unknown_version")
    four = script("a refusal is never answered with a refusal")
    early = four.new_id()
    body = {"index": 0, "reason": "stale", "detail": "Too late."}
    four.arrives("entry.refused", body)
    four.arrives("entry.refused", body | {"reason": "busy"})
    four.expect_says()
    four.arrives("entry.refused", body, entry_id=early)
    four.expect_says()
    five = script(
        "before terms are in force: calls, tests, watch and status, but no notice", agreed=False
    )
    five.arrives("notice.declared", notice(), expect="no_terms")
    five.arrives("conflict.cleared", {"why": "lapsed"}, expect="no_terms")
    seen = {"rule": "not-notified", "place": CITY, "seen": "2026-11-23T11:00:00.000Z"}
    five.arrives("violation.reported", seen, expect="no_terms")
    five.arrives("watch.status", DESK)
    five.arrives("status.announced", status)
    five.arrives("test.sent", {})
    five.arrives("call.opened", flash())
    five.expect_says("call.ringing")
    return [each.vector() for each in (one, two, three, four, five)]


DESK = {"echelon": "duty-desk", "manned": True, "rung": 1, "languages": ["en"]}


def small_kinds() -> list[Json]:
    one = script("desks: 32 of them, and what is said of a known one is always taken in")
    for number in range(32):
        one.arrives("watch.status", DESK | {"echelon": f"desk-{number}"})
    one.arrives("watch.status", DESK | {"echelon": "one-too-many"}, expect="too_many")
    one.arrives("watch.status", DESK | {"echelon": "desk-7", "manned": False, "languages": []})
    two = script("only the terms' coded rules are violations")
    seen = {"rule": "not-notified", "place": CITY, "seen": "2026-11-23T11:00:00.000Z"}
    two.arrives("violation.reported", seen)
    two.arrives("violation.reported", seen | {"rule": "too-near"}, expect="not_allowed")
    three = script("a suspension is announced and everything is carried as before")
    three.arrives("status.announced", {"status": "suspended"})
    three.arrives("notice.declared", notice())
    three.arrives("call.opened", flash())
    three.expect_says("call.ringing")
    three.does("Announce", link=LINK, status="suspended")
    three.arrives("call.opened", flash())
    three.expect_says("call.ringing")
    return [each.vector() for each in (one, two, three)]


def terms_scripts() -> list[Json]:
    example, wider = (hash_of(terms_of(DOCUMENTS[name])) for name in ("example", "wider"))
    one = script("the first agreement: proposed by the first party, agreed by each", agreed=False)
    one.arrives("terms.proposed", {"terms": DOCUMENTS["example"]})
    one.does("Agree", link=LINK, hash=example)
    one.expect_says("terms.agreed")
    one.arrives("notice.declared", notice(), expect="no_terms")
    one.arrives("terms.agreed", {"hash": example})
    one.arrives("notice.declared", notice())
    two = script("an amendment: the old terms stand until both have agreed")
    two.arrives("terms.proposed", {"terms": DOCUMENTS["wider"]})
    two.arrives("terms.agreed", {"hash": wider})
    two.does("TakeWatch", echelon="duty-desk", languages=["en"])
    two.does("Declare", links=[LINK], activity="flight", volumes=[volume()])
    far = circle(35.3, 40.29)
    two.arrives("notice.declared", notice(volumes=[volume(far)]))
    two.expect_says()
    two.does("Agree", link=LINK, hash=wider)
    two.expect_says("terms.agreed", "watch.status")
    two.arrives("notice.declared", notice(volumes=[volume(far)]))
    two.expect_says("conflict.found")
    three = script("what can be agreed to, and what can be proposed")
    three.arrives("terms.agreed", {"hash": "0" * 64}, expect="unknown_reference")
    three.arrives("terms.agreed", {"hash": example})
    three.arrives("terms.proposed", {"terms": DOCUMENTS["example"]})
    three.arrives("terms.proposed", {"terms": DOCUMENTS["stranger"]}, expect="not_allowed")
    three.arrives("terms.proposed", {"terms": DOCUMENTS["crossed"]}, expect="malformed")
    three.arrives("terms.proposed", {"terms": DOCUMENTS["same"]}, expect="stale")
    four = script("16 documents wait at most, beside the one in force")
    for number in range(16):
        document = changed(DOCUMENTS["example"], {"version": number + 2})
        four.arrives("terms.proposed", {"terms": document})
    document = changed(DOCUMENTS["example"], {"version": 18})
    four.arrives("terms.proposed", {"terms": document}, expect="too_many")
    four.arrives("terms.proposed", {"terms": changed(document, {"version": 2})})  # Known already.
    whole = [each.vector() for each in (one, two, three, four)]
    return [*whole, *crossings(), lower_version(), asked()]


def crossings() -> list[Json]:
    """Return what south makes of two amendments of one version that cross, in either order."""
    both = {name: hash_of(terms_of(DOCUMENTS[name])) for name in ("wider", "drier")}
    greater = max(both, key=lambda name: both[name])
    made: list[Json] = []
    for ours, theirs in (("wider", "drier"), ("drier", "wider")):
        it = script(f"two amendments cross, south's is `{ours}`: the greater hash is in force")
        it.does("TakeWatch", echelon="duty-desk", languages=["en"])
        it.does("Propose", terms=ours)
        it.expect_says("terms.proposed", "terms.agreed")
        it.arrives("terms.proposed", {"terms": DOCUMENTS[theirs]})
        it.arrives("terms.agreed", {"hash": both[theirs]})
        it.does("Agree", link=LINK, hash=both[theirs])
        it.expect_says("terms.agreed", "watch.status")  # Theirs is in force.
        it.arrives("terms.agreed", {"hash": both[ours]})
        it.expect_says(*(["watch.status"] if greater == ours else []))
        link = it.south.core.state.links[LINK]
        assert link.agreement.force == both[greater], (ours, link.agreement.force)
        made.append(it.vector())
    return made


def lower_version() -> Json:
    """Return what becomes of an amendment of a lower version, agreed to when a higher is."""
    low, high = (hash_of(terms_of(DOCUMENTS[name])) for name in ("wider", "widest"))
    it = script(
        "the higher version is in force, whichever was agreed to last; a lower is forgotten"
    )
    for name in ("wider", "widest"):
        it.arrives("terms.proposed", {"terms": DOCUMENTS[name]})
    it.does("Agree", link=LINK, hash=low)
    it.does("Agree", link=LINK, hash=high)
    it.arrives("terms.agreed", {"hash": high})
    assert it.south.core.state.links[LINK].agreement.force == high
    it.arrives("terms.agreed", {"hash": low}, expect="unknown_reference")
    it.arrives("terms.proposed", {"terms": DOCUMENTS["wider"]}, expect="stale")
    assert it.south.core.state.links[LINK].agreement.force == high
    return it.vector()


def asked() -> Json:
    """Return what the counterpart hears of presence that is asked, missed and confirmed."""
    it = script(
        "presence is asked, missed, asked again and confirmed; nothing is said", base="asked"
    )
    it.does("TakeWatch", echelon="duty-desk", languages=["en"])
    it.expect_says("watch.status")
    assert it.waits(11 * 60_000) == []
    assert sum(step.get("waits", False) for step in it.steps) == 4  # Asked, missed; and again.
    it.does("ConfirmPresence", echelon="duty-desk")
    it.expect_says()
    it.does("OfferWatch", echelon="duty-desk", to="successor")
    it.expect_says()
    it.does("AcceptWatch", by="successor", echelon="duty-desk", read=[], languages=["ru"])
    it.expect_says("watch.status")
    return it.vector()


def notice_scripts() -> list[Json]:
    one = script("declared, revised, withdrawn")
    it = one.arrives("notice.declared", notice())
    one.arrives("notice.revised", revision(3), re=(it,), expect="out_of_order")
    second = one.arrives("notice.revised", revision(2), re=(it,))
    one.arrives("notice.revised", revision(2), re=(it,), expect="out_of_order")
    one.arrives("notice.revised", revision(3), re=(second,), expect="unknown_reference")
    one.arrives("notice.revised", revision(3), expect="unknown_reference")
    one.arrives("notice.revised", revision(3), re=(it,))
    one.arrives("notice.withdrawn", {}, re=(OTHER,), expect="unknown_reference")
    one.arrives("notice.withdrawn", {}, re=(it,))
    one.arrives("notice.withdrawn", {}, re=(it,), expect="stale")
    one.arrives("notice.revised", revision(4), re=(it,), expect="stale")
    two = script("a notice lapses when its last window closes; a day later nobody knows it")
    it = two.arrives("notice.declared", notice())
    two.waits(5 * HOUR_MS)
    two.arrives("notice.withdrawn", {}, re=(it,), expect="stale")
    two.waits(DAY_MS)
    two.arrives("notice.withdrawn", {}, re=(it,), expect="unknown_reference")
    three = script("when: not closed already, and not beyond the horizon")
    three.arrives("notice.declared", notice(volumes=[volume(start_ms=-HOUR_MS)], late=True))
    gone = volume(start_ms=-2 * HOUR_MS, length_ms=2 * HOUR_MS)
    three.arrives("notice.declared", notice(volumes=[gone], late=True), expect="stale")
    three.arrives("notice.declared", notice(volumes=[gone, volume()], late=True))
    three.arrives("notice.declared", notice(volumes=[volume(start_ms=31 * DAY_MS)]))
    beyond = volume(start_ms=31 * DAY_MS + 1)
    three.arrives("notice.declared", notice(volumes=[beyond]), expect="future")
    three.arrives("notice.declared", notice(volumes=[beyond, volume()]))
    four = script("where: bad geometry, in each of its ways")
    upside = {
        "lower": {"datum": "fl", "value_cm": 548_640},
        "upper": {"datum": "fl", "value_cm": 304_800},
    }
    instant = volume(length_ms=0)
    backward = changed(volume(), {"window/end": "2026-11-23T14:59:59.999Z"})
    ages = volume(length_ms=366 * DAY_MS + 1)
    crossing = {
        "shape": "polygon",
        "exterior": [place(34, 38), place(37, 42), place(34, 42), place(37, 38)],
    }
    for bad in (volume(band=upside), instant, backward, ages, volume(crossing)):
        four.arrives("notice.declared", notice(volumes=[bad]), expect="bad_geometry")
    four.arrives(
        "notice.declared", notice(volumes=[volume(), volume(crossing)]), expect="bad_geometry"
    )
    four.arrives("notice.declared", notice(volumes=[volume(length_ms=366 * DAY_MS)]))
    five = script("a place and the anchor that it was stated from")
    five.arrives("notice.declared", notice(place=PLACE))
    wrong = changed(PLACE, {"stated/anchor": "Deir ez-Zor airfield"})
    five.arrives("notice.declared", notice(place=wrong), expect="anchor_mismatch")
    unknown = changed(PLACE, {"stated/anchor": "Palmyra"})
    five.arrives("notice.declared", notice(place=unknown), expect="anchor_mismatch")
    six = script("limits of the terms: volumes, active notices, notices in an hour", base="few")
    six.arrives("notice.declared", notice(volumes=[volume()] * 3), expect="too_many")
    it = six.arrives("notice.declared", notice())
    six.arrives("notice.declared", notice())
    six.arrives("notice.revised", revision(2), re=(it,), expect="rate")
    six.arrives("notice.declared", notice(), expect="rate")
    six.waits(HOUR_MS)
    six.arrives("notice.declared", notice(), expect="too_many")
    six.arrives("notice.withdrawn", {}, re=(it,))
    six.arrives("notice.declared", notice())
    seven = script("noted by the other side only, by declaration or by revision")
    seven.does("TakeWatch", echelon="duty-desk", languages=["en"])
    ours = seven.does("Declare", links=[LINK], activity="flight", volumes=[volume()])
    entry = seven.does("Revise", notice=ours, volumes=[volume(start_ms=4 * HOUR_MS)])
    theirs = seven.arrives("notice.declared", notice(volumes=[volume(circle(34.5, 38.6))]))
    for name in ("received", "relayed_to_units", "understood", "cannot_comply"):
        seven.arrives("notice.noted", {"disposition": name}, re=(entry,))
    seven.arrives("notice.noted", {"disposition": "received"}, re=(ours,))
    seven.arrives("notice.noted", {"disposition": "received"}, re=(theirs,), expect="not_yours")
    seven.arrives("notice.noted", {"disposition": "received"}, expect="unknown_reference")
    seven.arrives("notice.withdrawn", {}, re=(ours,), expect="not_yours")
    seven.arrives("notice.revised", revision(3), re=(ours,), expect="not_yours")
    seven.does("Note", notice=theirs, disposition="relayed_to_units")
    seven.expect_says("notice.noted")
    return [each.vector() for each in (one, two, three, four, five, six, seven)]


def conflict_scripts() -> list[Json]:
    one = script("found by both, revised away, and each clears its own claim")
    one.does("TakeWatch", echelon="duty-desk", languages=["en"])
    ours = one.does("Declare", links=[LINK], activity="flight", volumes=[volume()])
    theirs = one.arrives("notice.declared", notice())
    one.expect_says("conflict.found")
    said = one.said()[0]
    assert said["re"] == [ours, theirs], said
    claim = one.arrives("conflict.found", FOUND, re=(theirs, ours))
    again = one.arrives("conflict.found", FOUND, re=(theirs, ours))
    moved = [volume(circle(34.5, 38.6))]
    one.does("Revise", notice=ours, volumes=moved)
    one.expect_says("notice.revised", "conflict.cleared")
    assert one.said()[1]["body"] == {"why": "revised"}, one.said()
    assert one.said()[1]["re"] == [said["id"]], one.said()
    one.arrives("conflict.cleared", {"why": "revised"}, re=(again,))
    one.arrives("conflict.cleared", {"why": "revised"}, re=(claim,))
    one.arrives("conflict.cleared", {"why": "revised"}, re=(OTHER,))
    two = script("what a claim must name")
    two.does("TakeWatch", echelon="duty-desk", languages=["en"])
    ours = two.does("Declare", links=[LINK], activity="flight", volumes=[volume()])
    far = notice(volumes=[volume(circle(34.5, 38.6))])
    theirs = two.arrives("notice.declared", far)
    two.expect_says()
    two.arrives("conflict.found", FOUND, re=(ours, theirs), expect="unknown_reference")
    two.arrives("conflict.found", FOUND, re=(theirs,), expect="unknown_reference")
    two.arrives("conflict.found", FOUND, re=(theirs, OTHER), expect="unknown_reference")
    two.arrives("conflict.found", FOUND, re=(theirs, ours))
    revised = two.arrives("notice.revised", revision(2, volumes=far["volumes"]), re=(theirs,))
    two.arrives("conflict.found", FOUND, re=(revised, ours))
    two.arrives("conflict.found", FOUND, re=(theirs, ours))
    two.arrives("notice.withdrawn", {}, re=(theirs,))
    two.arrives("conflict.found", FOUND, re=(revised, ours))
    two.does("Withdraw", notice=ours)
    two.arrives("conflict.found", FOUND, re=(revised, ours), expect="stale")
    three = script("a conflict ends with a notice that lapses or is withdrawn")
    three.does("TakeWatch", echelon="duty-desk", languages=["en"])
    three.does("Declare", links=[LINK], activity="flight", volumes=[volume()])
    theirs = three.arrives("notice.declared", notice(volumes=[volume(length_ms=HOUR_MS)]))
    three.expect_says("conflict.found")
    other = three.arrives("notice.declared", notice())
    three.expect_says("conflict.found")
    three.arrives("notice.withdrawn", {}, re=(other,))
    three.expect_says("conflict.cleared")
    cleared = [each for each in three.waits(4 * HOUR_MS) if each["kind"] == "conflict.cleared"]
    assert [each["body"]["why"] for each in cleared] == ["lapsed"], cleared
    return [*(each.vector() for each in (one, two, three)), *amended_minima()]


def amended_minima() -> list[Json]:
    """Return what becomes of standing notices when the minima are amended, and amended again."""
    it = script("wider minima find what kept clear before; the old ones clear it again")
    it.does("TakeWatch", echelon="duty-desk", languages=["en"])
    ours = it.does("Declare", links=[LINK], activity="flight", volumes=[volume(circle(35.3, 40.1))])
    it.does("Declare", links=[LINK], activity="flight", volumes=[volume(circle(34.5, 38.6))])
    theirs = it.arrives("notice.declared", notice(volumes=[volume(circle(35.3, 40.3))]))
    it.expect_says()
    for terms in ("wider", "narrow"):
        document = DOCUMENTS[terms]
        it.arrives("terms.proposed", {"terms": document})
        it.arrives("terms.agreed", {"hash": hash_of(terms_of(document))})
        it.does("Agree", link=LINK, hash=hash_of(terms_of(document)))
        assert "conflict." not in str(it.said()), "an agreement waits for no comparison"
        it.rechecks()
        if terms == "wider":
            it.expect_says("conflict.found")
            found = it.said()[0]
            assert found["re"] == [ours, theirs], found
        else:
            it.expect_says("conflict.cleared")
            assert it.said()[0]["body"] == {"why": "amended"}, it.said()
            assert it.said()[0]["re"] == [found["id"]], it.said()
    same = script("a claim that says what it said is not said again")
    same.does("TakeWatch", echelon="duty-desk", languages=["en"])
    same.does("Declare", links=[LINK], activity="flight", volumes=[volume()])
    same.arrives("notice.declared", notice())
    same.expect_says("conflict.found")
    same.arrives("terms.proposed", {"terms": DOCUMENTS["wider"]})
    same.arrives("terms.agreed", {"hash": hash_of(terms_of(DOCUMENTS["wider"]))})
    same.does("Agree", link=LINK, hash=hash_of(terms_of(DOCUMENTS["wider"])))
    same.rechecks()
    same.expect_says()
    return [it.vector(), same.vector()]


def call_scripts() -> list[Json]:
    one = script("a FLASH, from STOP to closed")
    it = one.arrives("call.opened", flash())
    one.expect_says("call.ringing")
    one.later(8_000)
    one.does("Acknowledge", call=it, echelon="duty-desk")
    one.expect_says("call.acknowledged")
    one.does("ReadBack", call=it, of=it, phrases=[STOP])
    one.does("Dispose", call=it, disposition="relayed_to_units")
    one.arrives(
        "call.said",
        {"phrases": [{"phrase": "STANDBY", "reference": it, "wait_ms": 60_000}]},
        re=(it,),
    )
    one.does("Dispose", call=it, disposition="will_comply")
    one.arrives("call.closed", {}, re=(it,))
    one.arrives("call.closed", {}, re=(it,), expect="duplicate")
    one.does("Close", call=it)
    one.arrives("call.said", {"phrases": [STOP]}, re=(it,))  # It crossed the close.
    two = script("an unanswered FLASH climbs by the clock of the side that must answer")
    two.does("TakeWatch", echelon="duty-desk", languages=["en"])
    it = two.arrives("call.opened", flash())
    said = two.waits(170_000)
    climbs = [(each["body"]["rung"], each["body"]["round"], each["body"]["why"]) for each in said]
    assert climbs == [
        (2, 0, "unanswered"),
        (3, 0, "unmanned"),
        (4, 0, "unmanned"),
        (4, 1, "unmanned"),
        (4, 2, "unmanned"),
        (4, 3, "unmanned"),  # 20 + 30 + 30 + 3 x 30 seconds: exactly at its deadline.
    ], climbs
    two.does("Acknowledge", call=it, echelon="deputy")
    assert two.waits(10 * MINUTE_MS) == []
    three = script("what only the called side says, and when")
    it = three.arrives("call.opened", flash())
    ring = {"rung": 1, "echelon": "duty-desk", "since": str(three.now)}
    climbed = {"rung": 2, "echelon": "deputy", "round": 0, "why": "unanswered"}
    three.arrives("call.ringing", ring, re=(it,), expect="not_yours")
    three.arrives("call.climbed", climbed, re=(it,), expect="not_yours")
    three.arrives(
        "call.acknowledged", {"rung": 1, "echelon": "duty-desk"}, re=(it,), expect="not_yours"
    )
    three.arrives("call.disposition", {"disposition": "received"}, re=(it,), expect="not_yours")
    three.arrives("call.closed", {}, re=(it,), expect="out_of_order")
    three.arrives("call.readback", {"phrases": [STOP]}, re=(it, it), expect="not_yours")
    three.arrives("call.said", {"phrases": [STOP]}, re=(it,))
    three.does("Acknowledge", call=it, echelon="duty-desk")
    three.arrives("call.closed", {}, re=(it,), expect="out_of_order")
    three.arrives("call.readback", {"phrases": [STOP]}, re=(it,), expect="unknown_reference")
    three.arrives("call.readback", {"phrases": [STOP]}, re=(it, OTHER), expect="unknown_reference")
    three.arrives("call.readback", {"phrases": [STOP]}, re=(it, it), expect="not_yours")
    three.arrives("call.said", {"phrases": [STOP]}, expect="unknown_reference")
    three.arrives("call.said", {"phrases": [STOP]}, re=(OTHER,), expect="unknown_reference")
    four = script("south calls; north rings, climbs, acknowledges, disposes; both close")
    it = four.does("OpenCall", link=LINK, precedence="immediate", phrases=[STOP])
    four.expect_says("call.opened")
    four.arrives("call.disposition", {"disposition": "received"}, re=(it,), expect="out_of_order")
    four.arrives("call.ringing", ring, re=(it,))
    four.arrives("call.climbed", climbed, re=(it,))
    four.arrives("call.acknowledged", {"rung": 2, "echelon": "deputy"}, re=(it,))
    four.arrives(
        "call.acknowledged", {"rung": 2, "echelon": "deputy"}, re=(it,), expect="out_of_order"
    )
    four.arrives("call.ringing", ring, re=(it,), expect="out_of_order")
    four.arrives("call.readback", {"phrases": [STOP]}, re=(it, it))
    other = changed(STOP, {"radius_cm": 100_000})
    four.arrives("call.readback", {"phrases": [other]}, re=(it, it))
    four.arrives("call.disposition", {"disposition": "cannot_comply"}, re=(it,))
    four.does("Close", call=it)
    four.arrives("call.disposition", {"disposition": "will_comply"}, re=(it,))
    four.arrives("call.closed", {}, re=(it,))
    five = script("a limit on open calls holds for all but FLASH", base="few")
    five.arrives("call.opened", flash(precedence="immediate"))
    five.arrives("call.opened", flash(precedence="immediate"), expect="too_many")
    five.arrives("call.opened", flash(precedence="priority"), expect="too_many")
    five.arrives("call.opened", flash())
    five.expect_says("call.ringing")
    six = script("a call that recurs is a new call, and rings from the rung that answered")
    it = six.arrives("call.opened", flash())
    six.waits(20_000)
    six.does("Acknowledge", call=it, echelon="deputy")
    six.does("Dispose", call=it, disposition="will_comply")
    six.does("Close", call=it)
    six.arrives("call.closed", {}, re=(it,))
    six.later(MINUTE_MS)
    second = six.arrives("call.opened", flash(), re=(it,))
    ring = six.said()[0]
    assert (ring["re"], ring["body"]["rung"]) == ([second], 2), ring
    six.arrives("call.said", {"phrases": [STOP]}, re=(it,))  # It crossed the close.
    six.arrives("call.said", {"phrases": [STOP]}, re=(second,))
    third = six.arrives("call.opened", flash(), re=(second,))  # Open, and not answered: rung 1.
    ring = six.said()[0]
    assert (ring["re"], ring["body"]["rung"]) == ([third], 1), ring
    fourth = six.arrives("call.opened", flash(), re=(OTHER,))
    assert six.said()[0]["re"] == [fourth], six.said()
    six.does("OpenCall", link=LINK, precedence="flash", phrases=[STOP], reopens=it)
    ours = six.said()[0]
    assert (ours["kind"], ours["re"]) == ("call.opened", [it]), ours
    ring = {"rung": 2, "echelon": "deputy", "since": str(six.now)}
    six.arrives("call.ringing", ring, re=(ours["id"],))  # Both sides found that it recurs.
    six.does("Acknowledge", call=second, echelon="deputy")
    seven = script("a notice near the place of a call is attached to it, once")
    near = seven.arrives(
        "notice.declared", notice(volumes=[volume(circle(35.26, 40.2), start_ms=0)])
    )
    seven.does("OpenCall", link=LINK, precedence="flash", phrases=[STOP], notices=[near])
    assert seven.said()[0]["body"]["notices"] == [near], seven.said()
    made = (
        one,
        two,
        three,
        four,
        five,
        six,
        seven,
        idle(),
        stood_down(),
        preempted(),
        recorded(),
        unreadable(),
        taken(),
    )
    return [each.vector() for each in (*made, *crossed())]


def idle() -> Script:
    """Return a call that climbs past whoever acknowledged it, and one jumped to a rung by hand."""
    it = script("whoever acknowledges and does nothing is climbed past", base="idle")
    call = it.arrives("call.opened", flash())
    it.later(10_000)
    it.does("Acknowledge", call=call, echelon="duty-desk")
    said = it.waits(120_000)
    climbs = [(each["body"]["rung"], each["body"]["round"], each["body"]["why"]) for each in said]
    assert climbs == [(2, 1, "idle")], climbs
    it.does("Acknowledge", call=call, echelon="deputy")
    it.does("Dispose", call=call, disposition="received")
    assert it.waits(10 * MINUTE_MS) == []
    other = it.arrives("call.opened", flash())
    it.does("JumpToRung", call=other, rung=3)
    jumped = it.said()[0]["body"]
    assert (jumped["rung"], jumped["why"]) == (3, "by_hand"), jumped
    return it


def stood_down() -> Script:
    """Return a call that its caller stands down, and what may not follow."""
    it = script("a call that its caller stands down is closed by hand, without a disposition")
    call = it.arrives("call.opened", flash())
    it.arrives("call.stood_down", {}, re=(call,))
    it.arrives("call.stood_down", {}, re=(call,), expect="out_of_order")
    it.arrives("call.closed", {}, re=(call,), expect="duplicate")
    assert it.waits(10 * MINUTE_MS) == []
    it.does("Close", call=call)
    ours = it.does("OpenCall", link=LINK, precedence="immediate", phrases=[STOP])
    it.arrives("call.stood_down", {}, re=(ours,), expect="not_yours")
    it.does("StandDown", call=ours)
    answered = it.arrives("call.opened", flash())
    it.does("Acknowledge", call=answered, echelon="duty-desk")
    it.does("Dispose", call=answered, disposition="received")
    it.does("Close", call=answered)
    it.arrives("call.closed", {}, re=(answered,))
    it.arrives("call.stood_down", {}, re=(answered,))
    it.arrives("call.stood_down", {}, re=(answered,))
    return it


def preempted() -> Script:
    """Return drills of both sides that a real call of either side ends."""
    it = script("a real call pre-empts the drills of both sides, and no drill after it")
    theirs = it.arrives("call.opened", flash(drill=True))
    it.expect_says("call.ringing")
    drill = {"link": LINK, "precedence": "flash", "phrases": [STOP], "drill": True}
    ours = it.does("OpenCall", **drill)
    it.later(1)
    it.arrives("call.opened", flash())
    it.expect_says("call.ringing", "call.stood_down")
    assert it.said()[-1]["re"] == [ours], it.said()
    it.waits(10 * MINUTE_MS)
    assert theirs not in {each["re"][0] for each in it.said()}
    later = it.arrives("call.opened", flash(drill=True))
    it.waits(MINUTE_MS)
    assert later in {each["re"][0] for each in it.said()}
    return it


def recorded() -> Script:
    """Return a call whose voice the counterpart has recorded, said when it is closed long since."""
    it = script("that a recording of a call's voice is had is said at any time, and each once")
    call = it.arrives("call.opened", flash())
    one = {"sha256": "ab" * 32, "duration_ms": 61_000, "bytes": 305_000, "cut": False}
    it.arrives("call.recorded", one, re=(call,))
    it.arrives("call.recorded", one, re=(call,), expect="duplicate")
    it.arrives("call.recorded", one, re=(LINK,), expect="unknown_reference")
    it.arrives("call.recorded", one, expect="unknown_reference")
    it.arrives("call.recorded", one | {"sha256": "AB" * 32}, re=(call,), expect="malformed")
    it.does("Acknowledge", call=call, echelon="duty-desk")
    it.does("Dispose", call=call, disposition="received")
    it.does("Close", call=call)
    it.arrives("call.closed", {}, re=(call,))
    it.arrives("call.recorded", one | {"sha256": "cd" * 32, "cut": True}, re=(call,))
    it.arrives("call.said", {"phrases": [STOP]}, re=(call,))  # It crossed the close.
    return it


def crossed() -> list[Script]:
    """Return what becomes of what both sides say at once, on either side of it."""
    one = script("a stand-down that crossed an acknowledgement: it is stood down", base="idle")
    call = one.arrives("call.opened", flash())
    one.does("Acknowledge", call=call, echelon="duty-desk")
    one.arrives("call.stood_down", {}, re=(call,))
    assert one.waits(10 * MINUTE_MS) == []
    one.does("Close", call=call)
    one.arrives("call.said", {"phrases": [STOP]}, re=(call,))  # It crossed the close.
    two = script("the same, seen by the calling side")
    call = two.does("OpenCall", link=LINK, precedence="flash", phrases=[STOP])
    two.does("StandDown", call=call)
    ring = {"rung": 1, "echelon": "duty-desk", "since": str(two.now)}
    two.arrives("call.ringing", ring, re=(call,))
    two.arrives(
        "call.climbed",
        {"rung": 2, "echelon": "deputy", "round": 0, "why": "unanswered"},
        re=(call,),
    )
    two.arrives("call.acknowledged", {"rung": 2, "echelon": "deputy"}, re=(call,))
    two.arrives("call.disposition", {"disposition": "received"}, re=(call,))
    assert two.waits(10 * MINUTE_MS) == []
    two.arrives("call.closed", {}, re=(call,))
    two.arrives("call.closed", {}, re=(call,), expect="out_of_order")
    three = script("a jump that crossed the calling side's close: it rings on", base="idle")
    call = three.arrives("call.opened", flash())
    three.does("Acknowledge", call=call, echelon="duty-desk")
    three.does("Dispose", call=call, disposition="received")
    three.does("JumpToRung", call=call, rung=3)
    three.arrives("call.readback", {"phrases": [STOP]}, re=(call, call), expect="not_yours")
    three.arrives("call.closed", {}, re=(call,))
    climbs = [(each["body"]["rung"], each["body"]["why"]) for each in three.waits(30_000)]
    assert climbs == [(4, "unmanned")], climbs
    three.arrives("call.closed", {}, re=(call,), expect="duplicate")
    three.does("Acknowledge", call=call, echelon="contact-card")
    assert three.waits(10 * MINUTE_MS) == []  # Nobody is climbed past in what a side has closed.
    three.does("Close", call=call)
    four = script("the same, seen by the calling side")
    call = four.does("OpenCall", link=LINK, precedence="immediate", phrases=[STOP])
    four.arrives("call.ringing", ring | {"since": str(four.now)}, re=(call,))
    four.arrives("call.acknowledged", {"rung": 1, "echelon": "duty-desk"}, re=(call,))
    four.arrives("call.disposition", {"disposition": "received"}, re=(call,))
    four.does("Close", call=call)
    by_hand = {"rung": 3, "echelon": "flag-officer", "round": 1, "why": "by_hand"}
    four.arrives("call.climbed", by_hand, re=(call,))
    four.arrives("call.acknowledged", {"rung": 3, "echelon": "flag-officer"}, re=(call,))
    four.arrives("call.closed", {}, re=(call,))
    return [one, two, three, four]


def unreadable() -> Script:
    """Return what becomes of calls that cannot be read whole."""
    it = script("a FLASH that cannot be read whole is refused, and rings a human all the same")
    odd = {"phrase": "HALT", "place": CITY}
    cases: list[tuple[Json, str]] = [
        (flash(phrases=[odd]), "malformed"),
        (flash(phrases=[STOP | {"speed": 1}]), "unknown_field"),
        (flash(colour="red"), "unknown_field"),
        ({"precedence": "flash"}, "malformed"),
        (flash(phrases=[odd], drill=True), "malformed"),
    ]
    calls = []
    for body, reason in cases:
        calls.append(it.arrives("call.opened", body, expect=reason))
        it.expect_says("call.ringing", "entry.refused")
        assert [each["re"] for each in it.said()] == [[calls[-1]], [calls[-1]]], it.said()
    it.does("Acknowledge", call=calls[0], echelon="duty-desk")
    again = {"phrase": "SAY AGAIN", "which": calls[0]}
    it.does("Say", call=calls[0], phrases=[again])
    it.arrives("call.said", {"phrases": [STOP]}, re=(calls[0],))
    it.does("Dispose", call=calls[0], disposition="received")
    it.arrives("call.closed", {}, re=(calls[0],))
    it.does("Close", call=calls[0])
    for body in (
        flash(precedence="immediate", phrases=[odd]),
        flash(precedence="now"),
        flash(phrases=[odd], drill="no"),
        {"phrases": [STOP]},
    ):
        it.arrives("call.opened", body, expect="malformed")
        it.expect_says("entry.refused")
    return it


def taken() -> Script:
    """Return what becomes of an id that names something already."""
    it = script("an id that names a notice, a call or a test call of either side is taken")
    it.does("TakeWatch", echelon="duty-desk", languages=["en"])
    it.later(1_000)
    declared = it.does("Declare", links=[LINK], activity="flight", volumes=[volume()])
    called = it.does("OpenCall", link=LINK, precedence="flash", phrases=[STOP])
    tested = it.does("SendTest", link=LINK)
    it.arrives("call.opened", flash(), entry_id=declared, expect="duplicate")
    it.arrives("call.opened", flash(), entry_id=called, expect="duplicate")
    it.arrives("call.opened", flash(), entry_id=tested, expect="duplicate")
    for kind, body in (("test.sent", {}), ("status.announced", {"status": "in_force"})):
        it.arrives(kind, body, entry_id=max(declared, called, tested), expect="duplicate")
    theirs = it.arrives("notice.declared", notice(volumes=[volume(circle(34.5, 38.6))]))
    it.arrives("call.opened", flash(), entry_id=theirs, expect="duplicate")
    it.expect_says("entry.refused")
    return it


def test_scripts() -> list[Json]:
    one = script("a test call answered by a human")
    it = one.arrives("test.sent", {})
    one.later(MINUTE_MS)
    one.does("AnswerTest", test=it)
    one.expect_says("test.answered")
    one.arrives("test.answered", {"outcome": "missed", "cause": "unknown"}, re=(it,))
    two = script("missed: both sides write it, a late answer stands, and a cause is found")
    it = two.arrives("test.sent", {})
    said = two.waits(5 * MINUTE_MS)
    assert [(e["kind"], e["body"]) for e in said] == [
        ("test.answered", {"outcome": "missed", "cause": "unknown"})
    ], said
    two.arrives("test.answered", {"outcome": "missed", "cause": "unknown"}, re=(it,))
    two.does("ExplainTest", test=it, cause="power")
    two.arrives("test.answered", {"outcome": "missed", "cause": "weather"}, re=(it,))
    two.does("AnswerTest", test=it)
    three = script("what an answer must name and hold")
    it = three.arrives("test.sent", {})
    three.arrives("test.answered", {"outcome": "answered"}, re=(it,), expect="not_yours")
    three.arrives("test.answered", {"outcome": "answered"}, expect="unknown_reference")
    three.arrives("test.answered", {"outcome": "answered"}, re=(OTHER,), expect="unknown_reference")
    three.arrives("test.answered", {"outcome": "missed"}, re=(it,), expect="malformed")
    three.arrives(
        "test.answered", {"outcome": "answered", "cause": "power"}, re=(it,), expect="malformed"
    )
    ours = three.does("SendTest", link=LINK)
    three.expect_says("test.sent")
    three.arrives("test.answered", {"outcome": "answered"}, re=(ours,))
    four = script(
        "south's own test, scheduled: sent at its slot, missed five seconds after patience"
    )
    sent = four.waits(30 * MINUTE_MS)
    assert [each["kind"] for each in sent] == ["test.sent"], sent
    missed = four.waits(5 * MINUTE_MS + 4_999)
    assert missed == []
    missed = four.waits(1)
    assert [each["kind"] for each in missed] == ["test.answered"], missed
    five = script("eight test calls wait at most")
    for _ in range(8):
        five.arrives("test.sent", {})
    five.arrives("test.sent", {}, expect="too_many")
    return [each.vector() for each in (one, two, three, four, five)]


__all__ = [
    "DOCUMENTS",
    "call_scripts",
    "conflict_scripts",
    "id_rules",
    "notice_scripts",
    "small_kinds",
    "terms_scripts",
    "test_scripts",
]
