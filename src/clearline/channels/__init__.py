"""Channels: ways to reach a human, one file each."""
