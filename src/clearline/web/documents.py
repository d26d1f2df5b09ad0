"""Documents: drafts of an officer, and templates of the party, kept as the page wrote them.

The node never reads what is in one: it is JSON for the page, of a limited size and number
(`people`). A draft is its author's alone; what is done to a template is written down, since
others will declare by it.
"""

from __future__ import annotations

import re

from msgspec import Raw, Struct

from clearline.basis.faults import Mistake
from clearline.web.endpoint import Asked, Empty, Endpoint
from clearline.web.people import SHARED, People

__all__ = ["Documents", "Kept"]

DOCUMENT_NAME = re.compile(r"^[^\x00-\x1f\x7f/]{1,80}\Z")


class Kept(Struct, frozen=True, kw_only=True):
    """A draft or a template, as the page keeps it: the node does not look inside."""

    name: str
    body: Raw


class Documents:
    """The rows by which they are kept and had again."""

    def __init__(self, people: People) -> None:
        self._people = people

    def endpoints(self) -> list[Endpoint]:
        """Return the rows."""
        return [
            *self._of("drafts", "The officer's own drafts."),
            *self._of("templates", "The party's templates for recurring notices."),
        ]

    def _of(self, kind: str, what: str) -> list[Endpoint]:
        one = kind.removesuffix("s")
        shared = kind == "templates"

        def owner(asked: Asked) -> str:
            return SHARED if shared else asked.officer

        def wrote(asked: Asked, did: str) -> None:
            if shared:  # What others will declare by; a draft is nobody else's affair.
                self._people.wrote(asked.officer, f"{did} template {_name(asked)}", asked.now)

        async def every(asked: Asked) -> list[Kept]:
            known = self._people.documents(owner(asked), kind)
            return [Kept(name=name, body=Raw(body)) for name, body in known.items()]

        async def keep(asked: Asked) -> None:
            body = bytes(asked.body)
            if not _is_text(body):  # The decoder passes on what is within quotation marks.
                raise Mistake("bad_request", "This is not UTF-8.")
            self._people.keep(owner(asked), kind, _name(asked), body, asked.now)
            wrote(asked, "kept")

        async def drop(asked: Asked) -> None:
            self._people.drop(owner(asked), kind, _name(asked))
            wrote(asked, "dropped")

        path = f"/{kind}/{{name}}"
        return [
            Endpoint(
                method="GET", path=f"/{kind}", name=kind, needs=kind, gives=list[Kept],
                handler=every, summary=what, tag="documents",
            ),
            Endpoint(
                method="PUT", path=path, name=f"keep_{one}", needs=kind, takes=Raw, handler=keep,
                summary=f"Keep a {one}, whatever JSON it is.", tag="documents",
            ),
            Endpoint(
                method="DELETE", path=path, name=f"drop_{one}", needs=kind, takes=Empty,
                handler=drop, summary=f"Forget a {one}.", tag="documents",
            ),
        ]  # fmt: skip


def _is_text(raw: bytes) -> bool:
    return raw.decode(errors="ignore").encode() == raw


def _name(asked: Asked) -> str:
    name = asked.path["name"]
    if not DOCUMENT_NAME.match(name):
        raise Mistake("bad_name", "A name has 1 to 80 characters, and no slash.")
    return name
