"""Tracks: what our own receivers see, beside the line and never on it (decision 0048)."""
