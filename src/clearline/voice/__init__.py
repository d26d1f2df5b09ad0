"""Voice: people talk in a call, once its text has arrived, and each side records what it hears."""
