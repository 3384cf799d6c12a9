"""Access to Redis: key names, the Lua scripts and their typed calls, flows, settings."""
