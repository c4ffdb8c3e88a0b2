"""`python -m galopt.cli`, for MLproject, whose environment need not have the command itself."""

from galopt.cli.main import main

main()
