"""The console: the watch officer's screen, served by the node itself."""
