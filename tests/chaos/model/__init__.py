"""The protocol of engine, retries, bridge and sweep, small enough to look at every state of it."""
