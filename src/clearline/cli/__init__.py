"""The command line: every verb of a watch, for people and, with `--json`, for programs."""

from clearline.cli.app import main

__all__ = ["main"]
