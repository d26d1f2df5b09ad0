"""AIXM 5.1.1: airspace of aeronautical messages into areas, and areas into a message."""

from clearline.gateways.aixm.message import looks, read
from clearline.gateways.aixm.proposal import write

__all__ = ["looks", "read", "write"]
