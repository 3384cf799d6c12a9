"""The engine's values: states, errors, JSON values, events and records. No I/O."""
