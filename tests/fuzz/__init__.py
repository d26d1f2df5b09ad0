"""Fuzzing: whatever bytes or words come in, a parser answers; see docs/how-to/fuzz.md."""
