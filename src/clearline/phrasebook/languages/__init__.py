"""The languages that Clearline speaks, one file each; a new one is its file and its name here.

The first is the one fallen back to.
"""

from __future__ import annotations

from clearline.phrasebook.languages import ar, en, fr, he, ru, tr, uk, zh

__all__ = ["CATALOGUES"]

CATALOGUES = tuple(each.CATALOGUE for each in (en, ru, uk, ar, tr, he, fr, zh))
"""Every catalogue, in the order that screens list them."""
