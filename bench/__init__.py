"""Benchmarks: each measures one figure, and prints one JSON object with `--json`.

`python -m bench` runs them all and writes bench/results. They are never tests: nothing here
passes or fails, and a figure that is missed is written down as missed.
"""
