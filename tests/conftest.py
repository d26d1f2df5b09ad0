"""What every test is given: no deadline by the clock, which on a busy machine says nothing."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
