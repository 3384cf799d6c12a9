"""The executor: takes steps up, has them run in this process, applies their ends."""
