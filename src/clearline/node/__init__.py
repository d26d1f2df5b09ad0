"""The node: the runtime around the core, and the ports that shells plug into."""
