"""What can be seen of it: workflows, steps, waits, lists, the live feed, metrics."""
