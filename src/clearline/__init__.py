"""Clearline."""
