"""The index: which notices could come too near a volume, found without measuring them all.

One interface, `Index`. `GridIndex` keeps everything in memory; a store may keep the same in
tables of its own (`stores.rtree`), and `LayeredIndex` is the one until it is full and then the
other. All answer by the same bounds (`index.bound`), so they give the same keys in the same
order: one suite, tests/ports/test_index.py, holds them to that.
"""

from clearline.space.index.grid import GridIndex
from clearline.space.index.layered import LayeredIndex
from clearline.space.index.port import Index

__all__ = ["GridIndex", "Index", "LayeredIndex"]
