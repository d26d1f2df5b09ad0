"""What every test of space is given."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.space.truth import Make

settings.register_profile("space", deadline=None, derandomize=True)
settings.load_profile("space")


@pytest.fixture(scope="session")
def make() -> type[Make]:
    """Return the makers of outlines."""
    return Make
