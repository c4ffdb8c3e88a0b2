"""The simulated survey: a population of galaxies, painted, and voted on."""
