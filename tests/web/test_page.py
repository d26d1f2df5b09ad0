"""The page as it is served: what it weighs, and what is said when it was not built."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.requests import Request

from bench.console import weight
from clearline.web.page import FOLDER, Page

BUDGET_KB = 350


def asked(page: Page, name: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    raw = [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()]
    scope = {"type": "http", "path_params": {"name": name}, "headers": raw}
    answer = asyncio.run(page.serve(Request(scope)))
    return answer.status_code, bytes(answer.body), dict(answer.headers)


def test_a_wheel_without_the_page_says_so_and_how_to_get_it(tmp_path: Path) -> None:
    status, body, _ = asked(Page(tmp_path), "")
    assert status == 503
    assert b"This installation has no console" in body
    assert b"make setup" in body


def test_all_that_one_officer_can_open_is_within_the_budget() -> None:
    weighed = weight()
    assert 0 < weighed["first_kb"] < weighed["whole_kb"] <= BUDGET_KB


def test_a_file_is_known_by_what_is_in_it_and_kept_only_if_its_name_is(tmp_path: Path) -> None:
    page = Page(FOLDER)
    status, body, headers = asked(page, "", accept_encoding="gzip")
    assert status == 200
    assert b"<script" in body
    assert headers["cache-control"] == "no-cache"
    assert asked(page, "", if_none_match=headers["etag"])[0] == 304
    script = next(path.name for path in (FOLDER / "assets").glob("index-*.js"))
    _, _, headers = asked(page, f"assets/{script}", accept_encoding="gzip")
    assert "immutable" in headers["cache-control"]
    assert headers["content-encoding"] == "gzip"
    for wrong in ("../../people.py", "assets/../index.html", ".sources", "nothing"):
        assert asked(page, wrong)[0] == 404
    assert tmp_path.exists()
