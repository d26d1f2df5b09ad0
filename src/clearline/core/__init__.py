"""The core: what a node decides. An event goes in, effects come out; nothing else happens."""
