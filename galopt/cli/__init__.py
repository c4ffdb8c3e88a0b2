"""The `galopt` command."""
