"""People, codes, sessions and drafts, in a real file: what holds, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.web.people import (
    CODE_LIVES_MS,
    IDLE_MS,
    LONGEST_MS,
    MAX_DOCUMENTS,
    MAX_PASSKEYS,
    MAX_WRONG_CODES,
    SHARED,
    Passkey,
    People,
    PersonName,
)
from clearline.web.roles import Role

NOW = Instant.parse("2026-11-23T12:00:00.000Z")


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    held = People(tmp_path / "console.db")
    yield held
    held.close()


def enrolled(people: People, name: str = "Maj. A", key: bytes = b"key") -> None:
    code = people.invite(name, "", Role.WATCH_OFFICER, NOW, by="owner")
    people.enrol(code, Passkey(id=key, name=name, public=b"public", count=0), NOW)


def refused(code: str) -> pytest.RaisesExc[Mistake]:
    return pytest.raises(Mistake, check=lambda mistake: mistake.code == code)


def test_a_code_enrols_once_and_then_never_again(people: People) -> None:
    code = people.invite("Maj. A", "duty", Role.SUPERVISOR, NOW, by="owner")
    key = Passkey(id=b"key", name="Maj. A", public=b"public", count=3)
    assert people.enrol(code, key, NOW).role is Role.SUPERVISOR
    assert people.passkey(b"key") == key
    with refused("bad_code"):
        people.enrol(code, key, NOW)


def test_a_code_is_too_old_after_a_quarter_of_an_hour(people: People) -> None:
    code = people.invite("Maj. A", "", Role.WATCH_OFFICER, NOW, by="owner")
    assert people.redeem(code, NOW.after(CODE_LIVES_MS - 1), use=False)[0] == "Maj. A"
    with refused("bad_code"):
        people.redeem(code, NOW.after(CODE_LIVES_MS), use=False)


def test_a_guesser_is_told_so_and_shuts_nobody_out(people: People) -> None:
    code = people.invite("Maj. A", "", Role.WATCH_OFFICER, NOW, by="owner")
    for n in range(MAX_WRONG_CODES):
        with refused("bad_code"):
            people.redeem(f"{n:04}-0000-0000-0000", NOW, use=False)
    with refused("too_many_codes"):
        people.redeem("9999-0000-0000-0000", NOW, use=False)
    assert people.redeem(code, NOW, use=True)[0] == "Maj. A"
    with refused("bad_code"):
        people.redeem("9999-0000-0000-0000", NOW.after(CODE_LIVES_MS), use=False)


def test_neither_code_nor_token_is_in_the_file(people: People, tmp_path: Path) -> None:
    code = people.invite("Maj. A", "", Role.WATCH_OFFICER, NOW, by="owner")
    people.enrol(code, Passkey(id=b"key", name="Maj. A", public=b"p", count=0), NOW)
    token = people.sign_in(people.person("Maj. A"), "browser", NOW)
    people.close()
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert code.encode() not in raw
    assert token.encode() not in raw
    assert (tmp_path / "console.db").stat().st_mode & 0o077 == 0


def test_a_session_is_the_browsers_that_began_it(people: People) -> None:
    enrolled(people)
    token = people.sign_in(people.person("Maj. A"), "one browser", NOW)
    held = people.session(token, "one browser", NOW)
    assert held is not None
    assert held.officer == "Maj. A"
    assert people.session(token, "another browser", NOW) is None
    assert people.session("x" + token, "one browser", NOW) is None


def test_a_session_ends_when_nothing_uses_it_and_at_last_in_any_case(people: People) -> None:
    enrolled(people)
    token = people.sign_in(people.person("Maj. A"), "b", NOW)
    assert people.session(token, "b", NOW.after(IDLE_MS)) is not None
    assert people.session(token, "b", NOW.after(2 * IDLE_MS)) is not None, "use was counted"
    assert people.session(token, "b", NOW.after(3 * IDLE_MS + 1)) is None
    token = people.sign_in(people.person("Maj. A"), "b", NOW)
    for at in range(0, LONGEST_MS, IDLE_MS):
        assert people.session(token, "b", NOW.after(at)) is not None
    assert people.session(token, "b", NOW.after(LONGEST_MS + 1)) is None


def test_revoking_ends_every_session_and_drops_every_passkey(people: People) -> None:
    enrolled(people)
    token = people.sign_in(people.person("Maj. A"), "b", NOW)
    session = people.session(token, "b", NOW)
    assert session is not None
    assert people.still(session, NOW)
    people.revoke("Maj. A", "Col. B", NOW)
    assert not people.still(session, NOW)
    assert people.session(token, "b", NOW) is None
    assert people.sessions(NOW) == ()
    with refused("unknown_passkey"):
        people.passkey(b"key")
    with refused("no_such_person"):
        people.revoke("Nobody", "Col. B", NOW)
    assert people.access(1)[0].what == "revoked by Col. B"


def test_somebody_revoked_is_let_in_again_by_a_new_code(people: People) -> None:
    enrolled(people)
    people.revoke("Maj. A", "Col. B", NOW)
    enrolled(people, key=b"another")
    assert people.person("Maj. A").revoked is None
    assert people.passkey(b"another").name == "Maj. A"


def test_a_person_has_so_many_passkeys_and_no_more(people: People) -> None:
    for n in range(MAX_PASSKEYS):
        enrolled(people, key=b"key %d" % n)
    with refused("too_many_passkeys"):
        enrolled(people, key=b"one more")


def test_drafts_are_ones_own_and_templates_everybodys(people: People) -> None:
    people.keep("Maj. A", "drafts", "declare", b'{"a":1}', NOW)
    people.keep(SHARED, "templates", "ferry", b"{}", NOW)
    assert people.documents("Maj. A", "drafts") == {"declare": b'{"a":1}'}
    assert people.documents("Maj. B", "drafts") == {}
    people.drop("Maj. A", "drafts", "declare")
    assert people.documents("Maj. A", "drafts") == {}


def test_documents_have_a_size_and_a_number(people: People) -> None:
    with refused("too_large"):
        people.keep("Maj. A", "drafts", "large", b"x" * 65_537, NOW)
    for n in range(MAX_DOCUMENTS):
        people.keep("Maj. A", "drafts", str(n), b"{}", NOW)
    people.keep("Maj. A", "drafts", "0", b"{}", NOW)
    with refused("too_many_drafts"):
        people.keep("Maj. A", "drafts", "one more", b"{}", NOW)


@pytest.mark.parametrize(
    "name",
    ["", " Maj. A", "Maj. A ", "\u00a0Maj. A", "node", "Node", "a\nb", "a\x1b[2J", "a\x85b",
     "Maj. \u202eA", "Maj.\u200b A", "Maj. A\u2028", "\ufeffMaj. A", "x" * 61],
    ids=ascii,
)  # fmt: skip
def test_a_name_that_can_be_taken_for_another_is_none(name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(name, PersonName)


@pytest.mark.parametrize("name", ["Maj. A", "Рядовий Їжак", "مها الأحمد", "王上校", "N", "Node 2"])
def test_a_name_is_written_as_its_owner_writes_it(name: str) -> None:
    assert msgspec.convert(name, PersonName) == name
