"""Workflows as documents: written, checked, restored, and where they are kept."""
