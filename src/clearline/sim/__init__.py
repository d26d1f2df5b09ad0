"""The simulator: the shipped core and runtime under a virtual clock and a bad network."""
