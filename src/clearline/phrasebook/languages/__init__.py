"""The languages that Clearline speaks, one file each; a new one is its file and its name here.

The first is the one fallen back to.
"""

from __future__ import annotations

from clearline.phrasebook.languages import en, ru

__all__ = ["CATALOGUES"]

CATALOGUES = (en.CATALOGUE, ru.CATALOGUE)
"""Every catalogue, in the order that screens list them."""
