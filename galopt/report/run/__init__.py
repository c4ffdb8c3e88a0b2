"""The report of a run: one page that puts it beside the paper it rebuilds."""
