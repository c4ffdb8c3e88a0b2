"""The machine: its cores, clusters, accelerators and versions; calls that are tried again."""
