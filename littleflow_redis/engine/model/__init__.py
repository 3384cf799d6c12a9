"""What there is: states, errors, values, events and records. No I/O."""
