"""The quality page of a dataset, with the stamps and votes to look at."""
