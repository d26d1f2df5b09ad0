"""Navigational warnings by text: NAVAREA, HYDROLANT and coastal warnings into areas, and back."""

from clearline.gateways.navwarn.proposal import write
from clearline.gateways.navwarn.warning import looks, read

__all__ = ["looks", "read", "write"]
