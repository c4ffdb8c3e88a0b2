"""One network trained on one dataset."""
