"""Clearline: a deconfliction line.

What is public is named here and nowhere else: the verifier that anyone may call on a proof
bundle, and the version. All else is reached through the command line and the protocol.
"""

from clearline.record import Report, verify_bundle

__all__ = ["Report", "__version__", "verify_bundle"]

__version__ = "0.1.0"
