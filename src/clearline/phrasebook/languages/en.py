"""English: the catalogue that others are read against, and the one fallen back to.

It decides what Clearline says to an English reader. Sentences are short and active, no
phrase orders anything but STOP, and none can be read as consent.
"""

from __future__ import annotations

from clearline.phrasebook.catalogue import Catalogue, Direction, Status

__all__ = ["CATALOGUE"]

_ABOUT = "{reference, select, none {} other { Concerns {reference}.}}"

_PHRASES = {
    "STOP": "STOP. Our people are at {place}. Stop what you do within {radius_cm} of it." + _ABOUT,
    "CLEAR": (
        "CLEAR. The danger we spoke of has passed for us"
        "{place, select, none {} other { within {radius_cm} of {place}}}."
        + _ABOUT
        + " This is not consent to anything."
    ),
    "DELAY REQUEST": (
        "DELAY REQUEST. We ask that what {reference} says begin later, by {delay_ms}. "
        "Until you answer, nothing has changed."
    ),
    "LOCATION QUERY": "LOCATION QUERY. Do you operate within {radius_cm} of {place}?",
    "PRESENCE": (
        "PRESENCE. We state that we operate within {radius_cm} of {place}, from {begins} to {ends}."
    ),
    "NO PRESENCE": (
        "NO PRESENCE. We state that we do not operate within {radius_cm} of {place}, "
        "from {begins} to {ends}."
    ),
    "DISTRESS": "DISTRESS at {place}: {nature}, {persons}. Do not endanger them.",
    "TEST": "TEST. This is a test of the line and nothing else.",
    "SAY AGAIN": "SAY AGAIN. We did not understand {which}. Say it again, in full.",
    "CORRECTION": ("CORRECTION. We take back {of}, which we said. What follows replaces it."),
    "WRONG PLACE": "WRONG PLACE. The place in our {reference} is wrong. The right one is {place}.",
    "ANCHOR QUERY": (
        "ANCHOR QUERY. Your {reference} gives the place {place}, but by its reference point "
        "{anchor} it is {anchored}: {apart_cm} apart. Which do you mean?"
    ),
    "STANDBY": "STANDBY. We have read {reference} and will answer within {wait_ms}.",
    "UNABLE": "UNABLE. We cannot do what {reference} asks.",
    "AFFIRM": "AFFIRM. Yes, to your question in {reference}. This is not consent to any operation.",
    "NEGATIVE": "NEGATIVE. No, to your question in {reference}.",
    "CALL BY VOICE": "CALL BY VOICE. Speak to us on the path {path} of the contact card.",
    "FREE TEXT": "FREE TEXT, NOT TRANSLATED, written in “{language}”: {text}",
}

_WORDS = {
    "received_is_not_agreed": "Received is not agreed",
    "line_not_safe": "LINE NOT SAFE",
    "line_not_safe_why": "This node cannot be sure that it is recording. It has stopped.",
    "late": "LATE",
    "not_understood": "Not understood",
    "untranslated": "Not translated",
    "machine_translated": "Machine translation, not yet read by a native reader",
    "drill": "DRILL",
    "now": "now",
    "unknown": "unknown",
    "precedence.flash": "FLASH",
    "precedence.immediate": "IMMEDIATE",
    "precedence.priority": "PRIORITY",
    "precedence.routine": "ROUTINE",
    "disposition.received": "RECEIVED",
    "disposition.relayed_to_units": "RELAYED TO UNITS",
    "disposition.understood": "UNDERSTOOD",
    "disposition.will_comply": "WILL COMPLY",
    "disposition.cannot_comply": "CANNOT COMPLY",
    "link.up": "UP",
    "link.late": "LATE",
    "link.down": "DOWN",
    "link.disputed": "DISPUTED",
    "status.in_force": "In force",
    "status.suspended": "Announced as suspended; the line still carries calls",
    "call.open": "Open",
    "call.ringing": "Ringing",
    "call.climbed": "Climbed",
    "call.acknowledged": "Read by a person",
    "call.closed": "Closed by both sides",
    "call.reopened": "Reopened",
    "notice.draft": "Draft, not sent",
    "notice.declared": "Declared",
    "notice.active": "Active now",
    "notice.revised": "Revised",
    "notice.withdrawn": "Withdrawn",
    "notice.lapsed": "Lapsed",
    "watch.manned": "Manned",
    "watch.unmanned": "Unmanned",
    "test.sent": "Test sent",
    "test.answered": "Test answered",
    "test.missed": "Test missed",
    "readback.wanted": "Read back the marked slots",
    "readback.matches": "Read back matches",
    "readback.confirmed": "Read back confirmed by the sender",
    "noun.call": "Call",
    "noun.notice": "Notice",
    "noun.conflict": "Conflict",
    "noun.desk": "Desk",
    "noun.ladder": "Ladder",
    "noun.counterpart": "Counterpart",
    "noun.us": "Us",
    "noun.record": "Record",
    "noun.receipt": "Receipt",
    "noun.coded_line": "As signed",
    "act.acknowledge": "I have read this",
    "act.call": "Call",
    "act.stop": "Send STOP",
    "act.read_back": "Read back",
    "act.confirm": "Confirm",
    "act.correct": "Correct",
    "act.close": "Close for our side",
    "act.declare": "Declare",
    "act.revise": "Revise",
    "act.withdraw": "Withdraw",
    "act.take_watch": "Take the watch",
    "act.hand_over": "Hand over the watch",
    "act.send_test": "Send a test",
    "act.silence_bell": "Silence this bell only",
    "alarm.disputed": (
        "DISPUTED: the counterpart has signed two different records. "
        "Nothing more is admitted until a person decides."
    ),
    "alarm.desk_unmanned": "Nobody holds the watch at this desk",
    "nature.down_aircraft": "aircraft down",
    "nature.vessel": "vessel",
    "nature.convoy": "convoy",
    "nature.medical": "medical emergency",
    "nature.fire": "fire",
    "nature.stranded": "people stranded",
    "slot.place": "Place",
    "slot.radius_cm": "Radius",
    "slot.reference": "Concerns",
    "slot.delay_ms": "Later by",
    "slot.begins": "From",
    "slot.ends": "To",
    "slot.nature": "Nature",
    "slot.persons": "Persons",
    "slot.which": "Which",
    "slot.of": "Of",
    "slot.anchor": "Reference point",
    "slot.anchored": "Place by reference point",
    "slot.apart_cm": "Apart",
    "slot.wait_ms": "Within",
    "slot.path": "Path",
    "slot.text": "Text",
    "slot.language": "Language",
    "slot.phrase": "Phrase",
    "persons.unknown": "number of persons not known",
    "position": "{lat}° {north, select, N {N} other {S}} {lon}° {east, select, E {E} other {W}}",
    "length.m": "{n} m",
    "length.km": "{n} km",
    "span.days": "{n, plural, one {# day} other {# days}}",
    "span.hours": "{n, plural, one {# hour} other {# hours}}",
    "span.minutes": "{n, plural, one {# minute} other {# minutes}}",
    "span.seconds": "{n, plural, one {# second} other {# seconds}}",
    "time": "{year}-{month}-{day} {hour}:{minute}:{second} UTC",
    "reference": "entry …{id}",
    "persons": "{n, plural, one {# person} other {# persons}}",
    "fallback": "[no text in “{language}”; English follows] {text}",
    "link.last_heard": "Last heard {span} ago",
    "call.from": "{precedence} call from {party}",
    "call.ringing_for": "Ringing {rung} for {span}",
    "call.climbs_in": "Climbs in {span}",
    "call.acknowledged_at": "Read by a person on {rung} at {time}",
    "call.silence": "No answer for {span}. Silence never closes a call.",
    "use_next_path": "Use the next path now: {path}",
    "notice.stored_at": "Stored by the counterpart at {time}",
    "notice.noted_at": "Noted by a person at {time}",
    "notice.lead_short": "LATE: {lead} ahead, agreed minimum {minimum}",
    "notice.ends_in": "Ends in {span}",
    "readback.differs": "{slot} differs: said {said}, read back {restated}",
    "rung": "rung {n, number}",
    "alarm.call": "{precedence} CALL from {party}",
    "alarm.conflict": "{n, plural, one {# CONFLICT} other {# CONFLICTS}} with {party}",
    "alarm.conflict_cleared": "Conflict with {party} cleared",
    "alarm.closest_approach": "Closest approach {length} at {time}",
    "alarm.missed_test": "MISSED TEST: {party} did not answer the test of {time}. Cause unknown.",
    "alarm.link_late": "LINK LATE: {party} last heard {span} ago",
    "alarm.link_down": "LINK DOWN: {party} last heard {span} ago. Use the contact card.",
    "alarm.clock": "CLOCKS DIFFER: {party} and we are {span} apart",
    "alarm.notice_late": "LATE NOTICE from {party}: less ahead than agreed",
    "alarm.notice_lapsing": "A notice of ours lapses in {span} unless confirmed again",
    "alarm.anchor": "PLACE AND REFERENCE POINT DIFFER: by {anchor} the place is {length} off",
    "alarm.refused": "An entry of {party} was not accepted: {reason}",
    "count.calls": "{n, plural, one {# call} other {# calls}}",
    "count.notices": "{n, plural, one {# notice} other {# notices}}",
    "count.conflicts": "{n, plural, one {# conflict} other {# conflicts}}",
}

CATALOGUE = Catalogue(
    language="en",
    native_name="English",
    direction=Direction.LEFT_TO_RIGHT,
    status=Status.NATIVE,
    plurals=("one", "other"),
    phrases=_PHRASES,
    words=_WORDS,
)
"""English."""
