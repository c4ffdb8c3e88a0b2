"""The questions that vote fractions answer are told by their names, or not at all."""

import pytest

from galopt.data.question_groups import questions_of


@pytest.mark.parametrize(
    ("targets", "questions"),
    [
        (["smooth", "featured_or_disk", "artifact"], 1),
        (["point_source", "disk_like"], 1),
        (["smooth_round", "smooth_cigar", "disk_edge-on", "disk_face-on"], 1),
        (["Class1.1", "Class1.2", "Class2.1", "Class2.2"], 2),
        (["smooth-or-featured_smooth", "smooth-or-featured_featured-or-disk", "bar_no"], 2),
        (["t0_smooth_or__smooth", "t0_smooth_or__star", "t1_round__in_between"], 2),
        (["Class1.1", "other"], 1),
        (["smooth"], 1),
    ],
)
def test_names_tell_the_questions(targets, questions):
    groups = questions_of(targets)
    assert len(groups) == questions
    assert [target for group in groups.values() for target in group] == targets


def test_questions_are_called_as_their_answers_begin():
    answers = ["smooth-or-featured_smooth", "smooth-or-featured_artifact", "bar_no", "bar_yes"]
    assert list(questions_of(answers)) == ["smooth-or-featured", "bar"]
