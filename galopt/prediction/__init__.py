"""New galaxies in, a table of vote fractions out."""
