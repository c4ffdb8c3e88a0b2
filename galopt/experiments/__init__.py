"""What `mlflow run` does: one run, an ensemble, an ablation, a search."""
