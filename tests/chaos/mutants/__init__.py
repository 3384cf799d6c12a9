"""Mistakes made on purpose in a copy of the project, each with the tests that must see it."""
