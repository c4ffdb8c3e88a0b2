"""Which vote fractions answer one question, as the names of the columns tell."""

from collections.abc import Sequence


def questions_of(targets: Sequence[str]) -> dict[str, list[str]]:
    """Group the answers of a decision tree by question.

    Known are the names of the Galaxy Zoo challenge (``Class1.1``: question, answer), of
    Zoobot's catalogues (``smooth-or-featured_smooth``) and of Galaxy Zoo's exports
    (``t0_smooth_or_featured__smooth``).

    Parameters
    ----------
    targets : sequence of str
        Names of the vote fractions.

    Returns
    -------
    dict
        Answers by the name of their question, in order of the first; all targets as one
        question without a name where the names tell of no other.
    """
    for separator in (".", "__", "_"):
        questions: dict[str, list[str]] = {}
        for target in targets:
            questions.setdefault(target.rpartition(separator)[0], []).append(target)
        # One underscore also joins the words of a class; Zoobot's questions have hyphens.
        told = separator != "_" or any("-" in question for question in questions)
        if told and "" not in questions and len(questions) > 1:
            return questions
    return {"": list(targets)}
