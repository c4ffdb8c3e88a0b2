"""One thin executable per stage or entry point: ``python -m pipelines.<stage>``."""
