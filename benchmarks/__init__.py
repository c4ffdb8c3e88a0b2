"""Measurements of speed and scale, each a small printed table."""
