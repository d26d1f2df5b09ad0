"""Page: the console's built files, and the headers under which a browser may use them.

The page is built from `console/` into this package when the wheel is made. It is served
from memory, with names that change with what is in them. A wheel that was made without it
says so at `/`, and how to get it.

The policy lets the page load from this node and from nowhere else, run no script that is
not one of its files, and turn no text into markup or script (Trusted Types). Source: W3C
Content Security Policy Level 3; W3C Trusted Types.
"""

from __future__ import annotations

import gzip
import mimetypes
from hashlib import sha256
from pathlib import Path

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

__all__ = ["CSP", "HEADERS", "Page"]

FOLDER = Path(__file__).parent / "page"

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types svelte-trusted-html clearline-worker default",
    )
)

HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self), payment=(), usb=()",
}
"""On every answer of the console's."""

FOR_EVER = "public, max-age=31536000, immutable"
FRESH = "no-cache"
MIN_GZIP_BYTES = 1_000
GZIP_LEVEL = 6
"""The hardest, 9, takes seven times as long for the base map, and makes it 4 % smaller."""
_TEXTUAL = ("text/", "application/json", "image/svg", "text/javascript", "application/javascript")

_ABSENT = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Clearline</title>
<h1>This installation has no console</h1>
<p>The node runs, and the command line does everything that a watch needs: <code>clearline
--help</code>. Only the page is missing, because this wheel was made without it.</p>
<p>To have it, install a wheel that was built with the page, or build one where a package
registry can be reached: <code>make setup</code> in the source tree.</p></html>
"""


class _File(Struct, frozen=True):
    raw: bytes
    zipped: bytes | None
    media: str
    tag: str
    hashed: bool


class Page:
    """The built page, read once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): _read(path, path.relative_to(folder).as_posix())
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }

    @property
    def built(self) -> bool:
        """Return whether there is a page at all."""
        return "index.html" in self._files

    async def serve(self, request: Request) -> Response:
        """Return one of the page's files; the page itself for `/`."""
        name = request.path_params.get("name", "") or "index.html"
        if not self.built and name == "index.html":
            return Response(_ABSENT, status_code=503, media_type="text/html")
        found = self._files.get(name)
        if found is None:
            return Response("There is nothing here.\n", status_code=404, media_type="text/plain")
        headers = {"ETag": found.tag, "Cache-Control": FOR_EVER if found.hashed else FRESH}
        if request.headers.get("if-none-match") == found.tag:
            return Response(status_code=304, headers=headers)
        raw = found.raw
        if found.zipped is not None:
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in request.headers.get("accept-encoding", ""):
                headers["Content-Encoding"] = "gzip"
                raw = found.zipped
        return Response(raw, media_type=found.media, headers=headers)


def _read(path: Path, name: str) -> _File:
    raw = path.read_bytes()
    media = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if name.endswith(".js"):
        media = "text/javascript"
    textual = media.startswith(_TEXTUAL)
    zipped = (
        gzip.compress(raw, GZIP_LEVEL, mtime=0) if textual and len(raw) >= MIN_GZIP_BYTES else None
    )
    tag = f'"{sha256(raw).hexdigest()[:24]}"'
    return _File(raw, zipped, media, tag, hashed=name.startswith("assets/"))
