"""From the sky to arrays: surveys, stamps, the rescaled dataset, its splits and its quality."""
