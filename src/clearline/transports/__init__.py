"""How two nodes reach each other: HTTPS, both sides pinned, and nothing else.

A transport carries bytes between the runtime and a counterpart's node. It never reads
what is in them, but for the one thing that must not wait: whether a FLASH may be inside.

Each file is imported by its own name: whoever asks a node over its local socket needs no HTTPS.
"""
