"""Where it lies: key names, the Lua scripts and their typed calls, flows, settings."""
