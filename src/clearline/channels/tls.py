"""TLS: how a channel's server proves who it is. There is no way to say that it need not."""

from __future__ import annotations

import ssl
from pathlib import Path

from clearline.node.ports import ChannelError, PageCause

__all__ = ["Trust"]


class Trust:
    """The authority that vouches for one server; read once, when it is first needed."""

    def __init__(self, authority: Path | None) -> None:
        """`authority`: a PEM file; None for the system's own authorities."""
        self._authority = authority
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """Return what a connection is made with; ChannelError if the authority cannot be read."""
        if self._context is not None:
            return self._context
        try:
            context = ssl.create_default_context(cafile=self._authority)
        except (OSError, ssl.SSLError) as error:
            phrase = f"{self._authority}, the authority's certificate: {error}."
            raise ChannelError(PageCause.CREDENTIALS, phrase) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context = context
        return context
