"""What several tests share; fixtures of all tests are in `tests/conftest.py`."""
