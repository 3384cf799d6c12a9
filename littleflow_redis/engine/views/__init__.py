"""Read-only views: workflows, steps, waits, lists, the live feed, metrics."""
