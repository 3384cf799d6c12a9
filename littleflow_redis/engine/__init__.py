"""Workflow state in Redis; docs/architecture.md has the map of its rooms."""
