"""Operators' actions on workflows: repair, bulk actions, ending a task by hand."""
