"""A survey of a model without a network, part by part: what a test kills.

python survey_of_brightness.py IMAGES OUT
"""

import sys
import time
from pathlib import Path

from galopt.data.imaging.image_files import find_files
from galopt.prediction import parts
from galopt.prediction.inputs import stamps_in
from galopt.prediction.survey import predict_survey
from helpers.brightness import Brightness


class Slow(Brightness):
    """Takes a while for every part."""

    def fractions(self, stamps):
        """Return fractions (N, 2) of stamps."""
        time.sleep(0.2)
        return super().fractions(stamps)


if __name__ == "__main__":
    parts.GALAXIES = 64
    images, out = sys.argv[1:]
    predict_survey(Slow(), stamps_in(find_files([images])), Path(out))
