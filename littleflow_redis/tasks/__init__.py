"""Arguments of tasks, their conversion, and the local run."""
