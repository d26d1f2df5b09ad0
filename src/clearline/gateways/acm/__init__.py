"""Airspace control means as set-style text: orders and requests into areas, and back."""

from clearline.gateways.acm.order import looks, read
from clearline.gateways.acm.request import write

__all__ = ["looks", "read", "write"]
