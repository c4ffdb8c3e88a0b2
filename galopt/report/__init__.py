"""Pages and figures for people: a run's report, the dataset's quality page, the model card."""
