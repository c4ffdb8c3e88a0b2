"""People who look at galaxies: which one next, what they answered, on a page on this machine."""
