"""Figures that are logged and shown."""
