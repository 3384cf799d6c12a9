"""Steps served by way of the broker: tasks are published, results collected, publications swept."""
