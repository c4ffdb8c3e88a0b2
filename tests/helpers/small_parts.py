"""`galopt`, predicting surveys in parts of 64 galaxies: what tests of a cluster start and kill.

python small_parts.py predict IMAGES --out FOLDER/ ...
"""

from galopt.cli.main import main
from galopt.prediction import parts

if __name__ == "__main__":
    parts.GALAXIES = 64
    main()
