"""What every test is given: no deadline by the clock, which on a busy machine says nothing."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def _keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no verb that is run in this process make it give way: a process never gets that back."""
    monkeypatch.setattr(os, "nice", lambda _by: 0)
