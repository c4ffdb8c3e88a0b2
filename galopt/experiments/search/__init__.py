"""The search: Optuna owns the study, Dask places the trials. Nothing else imports either."""
