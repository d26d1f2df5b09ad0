"""Terms: what can be agreed to, and what is in force when two amendments cross."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.core.terms import (
    MAX_PENDING,
    Activity,
    Agreement,
    Ladders,
    Precedence,
    Pulse,
    Terms,
    agreed_by_them,
    agreed_by_us,
    check_terms,
    default_ladders,
    hash_of,
    propose,
)
from clearline.record.note import parse_vkey
from tests.kit import party, terms

FIRST = terms()
DOCUMENTS = [
    terms(version=version, anchor_tolerance_cm=cm) for version in (2, 3) for cm in (100, 200)
]


def begun() -> Agreement:
    """Return an agreement whose first document is in force."""
    digest = hash_of(FIRST)
    agreement = agreed_by_us(Agreement(documents={digest: FIRST}), digest)
    return agreed_by_them(agreement, digest)


def test_terms_are_in_force_only_when_both_have_agreed():
    digest = hash_of(FIRST)
    once = agreed_by_us(Agreement(documents={digest: FIRST}), digest)
    assert not once.in_force
    assert agreed_by_them(once, digest).in_force


def test_the_ladder_of_the_first_proposal_holds_before_anything_is_agreed():
    assert Agreement(documents={hash_of(FIRST): FIRST}).terms == FIRST


def test_an_amendment_agreed_by_one_side_changes_nothing():
    agreement = propose(begun(), DOCUMENTS[0])
    assert agreed_by_us(agreement, hash_of(DOCUMENTS[0])).terms == FIRST


def test_what_nobody_proposed_cannot_be_agreed_to():
    for agree in (agreed_by_us, agreed_by_them):
        assert agree(begun(), "0" * 64).reason is Reason.UNKNOWN_REFERENCE


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (terms(version=2, link="019ab000-0000-7000-8000-0000000000aa"), Reason.NOT_ALLOWED),
        (terms(version=2, parties=(party("north"), party("east"))), Reason.NOT_ALLOWED),
        (terms(version=1, anchor_tolerance_cm=999), Reason.STALE),
        (terms(version=2, pulse=Pulse(heartbeat_ms=20_000)), Reason.MALFORMED),
    ],
    ids=["another link", "another party", "no newer", "malformed"],
)
def test_what_cannot_amend_is_refused(changed, reason):
    assert propose(begun(), changed).reason is reason


def test_too_many_amendments_wait_for_nobody():
    agreement = begun()
    for version in range(2, 2 + 2 * MAX_PENDING):
        agreement = propose(agreement, terms(version=version))
    assert propose(agreement, terms(version=99)).reason is Reason.TOO_MANY


def test_a_document_proposed_twice_is_one():
    once = propose(begun(), DOCUMENTS[0])
    assert propose(once, DOCUMENTS[0]) is once


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"parties": (party("north"), party("north"))}, "same_party"),
        ({"pulse": Pulse(late_after_ms=4_000)}, "pulse_order"),
        ({"activities": (Activity(name="flight", lead_ms=0),) * 2}, "activity_twice"),
        ({"anchors": FIRST.anchors[:1] * 2}, "anchor_twice"),
    ],
)
def test_a_document_that_nobody_can_agree_to_says_why(changes, code):
    with pytest.raises(Mistake) as mistake:
        check_terms(terms(**changes))
    assert mistake.value.code == code


def test_a_key_of_the_others_under_a_name_of_ones_own_is_still_the_others():
    north, south = party("north"), party("south")
    theirs = parse_vkey(north.keys.author[0])
    assert not isinstance(theirs, Refusal)
    taken = str(replace(theirs, name="clearline/south/author"))
    keys = replace(south.keys, author=(taken, south.keys.author[1]))
    with pytest.raises(Mistake) as mistake:
        check_terms(terms(parties=(north, replace(south, keys=keys))))
    assert mistake.value.code == "shared_key"


def test_every_precedence_has_its_ladder_and_every_rung_some_patience():
    ladders = default_ladders()
    assert isinstance(ladders, Ladders)
    for precedence in Precedence:
        assert all(rung.patience_ms > 0 for rung in ladders.of(precedence).rungs)


# Two sides propose and agree as they like; each sees its own acts at once and the other's
# later, in order. When all has arrived, both act by the same terms.

ACTS = st.lists(
    st.tuples(
        st.sampled_from(["we", "they", "to us", "to them"]),
        st.sampled_from(["propose", "agree"]),
        st.sampled_from(DOCUMENTS),
    ),
    max_size=24,
)


class Side:
    """One side of an agreement, with what it has not heard yet."""

    def __init__(self) -> None:
        self.agreement = begun()
        self.unheard: list[tuple[str, Terms]] = []

    def acts(self, act: str, document: Terms, other: Side) -> None:
        if act == "propose":
            after = propose(self.agreement, document)
        else:
            after = agreed_by_us(self.agreement, hash_of(document))
        if not isinstance(after, Refusal):
            self.agreement = after
            other.unheard.append((act, document))

    def hears(self) -> None:
        if not self.unheard:
            return
        act, document = self.unheard.pop(0)
        if act == "propose":
            after = propose(self.agreement, document)
        else:
            after = agreed_by_them(self.agreement, hash_of(document))
        if not isinstance(after, Refusal):
            self.agreement = after


@settings(max_examples=200, deadline=None)
@given(ACTS)
def test_however_amendments_cross_both_sides_end_with_the_same_terms(acts):
    north, south = Side(), Side()
    for who, act, document in acts:
        match who:
            case "we":
                north.acts(act, document, south)
            case "they":
                south.acts(act, document, north)
            case "to us":
                north.hears()
            case _:
                south.hears()
    while north.unheard or south.unheard:
        north.hears()
        south.hears()
    assert north.agreement.force == south.agreement.force
