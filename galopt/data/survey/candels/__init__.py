"""CANDELS: the published mosaic and vote tables, downloaded once."""
