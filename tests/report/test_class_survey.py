"""Page, card and last lines of a run whose galaxies have one class each."""

import numpy as np
from helpers.small import small

from galopt.evaluation.evaluate import score
from galopt.experiments.run_summary import _accuracies
from galopt.report import model_card
from galopt.report.run.page import page
from galopt.report.run.report_data import ReportData


def test_accuracy_is_the_headline_and_no_published_rmse_stands_beside_it(classed):
    test = classed.split("test")
    wrong = np.arange(len(test)) % 5 == 0
    predicted = np.where(wrong[:, None], test.fractions[:, ::-1], test.fractions)
    evaluation = score(classed, test, (0.1 + 0.8 * predicted).astype(np.float32))
    assert evaluation.metrics["test_accuracy"] == 0.8
    subject = ReportData(
        "run", classed, small(), "0", metrics=evaluation.metrics, predictions=evaluation.table
    )
    text = page(subject)
    assert "accuracy 0.8000" in text
    assert "Precision and recall of each class" in text
    for published in ("Can these numbers be compared", "The paper reports", "0.13"):
        assert published not in text.split("<footer>")[0].split('id="differences"')[0]
    lines = "\n".join(_accuracies(evaluation, classed))
    assert "balanced accuracy" in lines
    assert "CANDELS" not in lines
    card = model_card.card("x", classed, evaluation)
    assert "| recall disk |" in card
    assert "how probable each of 2 classes is" in card
    assert "Accuracy **0.8000**" in model_card.note(classed, evaluation)
