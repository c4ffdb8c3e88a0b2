"""One page that holds a whole survey: a map of what a network sees, and every galaxy on it."""
