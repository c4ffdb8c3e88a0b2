"""How good a network is, how sure that is, and what others have published."""
