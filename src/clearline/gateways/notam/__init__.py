"""ICAO NOTAM text: notices to airmen into areas, and areas into proposals for one."""

from clearline.gateways.notam.notice import looks, read
from clearline.gateways.notam.proposal import write

__all__ = ["looks", "read", "write"]
