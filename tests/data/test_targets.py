"""What a table's columns are: votes, classes, or neither; what is not clear is asked."""

import numpy as np
import pandas as pd
import pytest
from helpers.layouts import read_layout, write_images

from galopt.errors import DataError

ROWS = 12
SMOOTH = np.round(np.linspace(0.1, 0.9, ROWS), 3)
VOTES = {"smooth": SMOOTH, "featured": 1 - SMOOTH}
KINDS = ["E", "S", "S", "E"] * 3


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a folder whose table has some columns."""

    def folder_with(name="votes.csv", columns=VOTES, **config):
        folder = tmp_path / "mine"
        names = [f"g{number}.png" for number in range(ROWS)]
        write_images(folder, names)
        ids = [name.removesuffix(".png") for name in names]
        table = pd.DataFrame({"id": ids, "file": names, **columns})
        if name == "votes.csv":
            table.to_csv(folder / name, index=False)
        else:
            table.to_parquet(folder / name)
        return read_layout(folder, **config)

    return folder_with


def test_one_fraction_is_a_target(read):
    votes, targets = read(columns={"smooth": SMOOTH})
    assert targets == ["smooth"]
    np.testing.assert_array_equal(votes.smooth, SMOOTH)


def test_text_of_digits_beside_votes_is_no_target(read):
    objid = [str(587722981742084144 + row) for row in range(ROWS)]
    assert read("votes.parquet", VOTES | {"objid": objid})[1] == ["smooth", "featured"]


def test_large_numbers_beside_votes_are_no_target(read):
    objid = 587722981742084144 + np.arange(ROWS)
    assert read(columns=VOTES | {"objid": objid})[1] == ["smooth", "featured"]


def test_rounding_errors_of_a_rest_are_zero_and_one(read):
    columns = {"a": [1 + 2.2e-16] * ROWS, "b": [-2.8e-17] * ROWS}
    votes, _ = read(columns=columns)
    assert votes[["a", "b"]].to_numpy().tolist() == [[1, 0]] * ROWS


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["45%"] * ROWS, r"line 2 \(id g0\): smooth is '45%', not a number; for per cent set"),
        (["0,45"] * ROWS, "smooth is '0,45', not a number; write decimals with a point"),
        (["0.5"] * 3 + ["-"] * 9, r"line 5 \(id g3\): smooth is '-', not a number"),
        (["<0.05"] + ["0.5"] * 11, "smooth is '<0.05', not a number"),
    ],
)
def test_numbers_written_in_another_way_are_named(read, cells, message):
    with pytest.raises(DataError, match=message):
        read(columns=VOTES | {"smooth": cells})


def test_numbers_stored_as_text_are_named(read):
    with pytest.raises(DataError, match="smooth holds its numbers as text; store them as numbers"):
        read("votes.parquet", VOTES | {"smooth": SMOOTH.astype(str)})


@pytest.mark.parametrize("sign", ["", "%"])
def test_per_cent_are_taken_when_stated(read, sign):
    columns = {name: [f"{100 * value:g}{sign}" for value in VOTES[name]] for name in VOTES}
    votes, targets = read(columns=columns, votes_are="percent")
    np.testing.assert_allclose(votes[targets], pd.DataFrame(VOTES), atol=1e-9)


def test_fractions_taken_for_per_cent_are_refused(read):
    with pytest.raises(DataError, match="votes_are is percent, but no vote is above 1"):
        read(votes_are="percent")


@pytest.mark.parametrize("stated", [["smooth", "smooth"], None])
def test_two_targets_of_nearly_one_name_are_refused(read, stated):
    columns = VOTES if stated else {"smooth": SMOOTH, "Smooth": 1 - SMOOTH}
    with pytest.raises(DataError, match="two targets are called [sS]mooth"):
        read(columns=columns, targets=stated)


def test_counts_give_fractions_and_the_number_of_voters(read):
    ticks = pd.DataFrame({"smooth": np.arange(ROWS), "featured": 3})
    votes, targets = read(columns=ticks, votes_are="counts")
    assert votes.n_votes.tolist() == list(range(3, 3 + ROWS))
    np.testing.assert_allclose(votes[targets], ticks.div(votes.n_votes, axis=0))


def test_counts_of_ticks_are_shares_of_the_voters_that_are_given(read):
    columns = {"disk": np.full(ROWS, 3), "irregular": np.full(ROWS, 2), "n_votes": 4}
    votes, targets = read(columns=columns, votes_are="counts")
    assert votes[targets].to_numpy().tolist() == [[0.75, 0.5]] * ROWS


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": [0, *[1] * 11], "b": [0] * ROWS}, r"line 2 \(id g0\): n_votes is 0"),
        ({"a": [1.5, *[1] * 11], "b": [1] * ROWS}, "a is 1.5; survey.folder.votes_are is counts"),
        ({"a": [5] * ROWS, "b": [1] * ROWS, "n_votes": 4}, "an answer has more votes than n_votes"),
    ],
)
def test_counts_that_cannot_be_are_named(read, columns, message):
    with pytest.raises(DataError, match=message):
        read(columns=columns, votes_are="counts")


def test_counts_taken_for_fractions_say_what_to_set(read):
    columns = {"a": np.arange(ROWS), "b": np.arange(ROWS)[::-1]}
    with pytest.raises(DataError, match=r"line 4 .*: a is 2; .* set survey.folder.votes_are"):
        read(columns=columns)


def test_an_empty_cell_says_that_a_question_was_not_asked(read):
    with pytest.raises(DataError, match=r"line 2 \(id g0\): bar is empty; where a question was"):
        read(columns=VOTES | {"bar": [None, *[0.4] * 11]})


@pytest.mark.parametrize("labels", [np.arange(ROWS) % 10, np.arange(ROWS) % 2])
def test_whole_numbers_are_classes_when_stated(read, labels):
    with pytest.raises(DataError, match=r"label holds whole .* survey.folder.targets: \[label\]"):
        read(columns={"label": labels})


def test_whole_numbers_that_are_stated_become_classes_in_their_order(read):
    votes, targets = read(columns={"label": np.arange(ROWS) % 11}, targets=["label"])
    assert targets == list(map(str, range(11)))
    assert votes[targets].to_numpy().argmax(axis=1).tolist() == (np.arange(ROWS) % 11).tolist()


@pytest.mark.parametrize("name", ["votes.csv", "votes.parquet"])
def test_true_and_false_are_classes(read, name):
    votes, targets = read(name, {"spiral": [True, False] * 6})
    assert targets == ["False", "True"]
    assert votes["True"].tolist() == [1, 0] * 6


def test_none_and_na_are_names(read):
    votes, targets = read(columns={"bulge": ["None", "Large", "NA"] * 4})
    assert targets == ["Large", "NA", "None"]
    assert votes["None"].tolist() == [1, 0, 0] * 4


@pytest.mark.parametrize(
    "columns",
    [
        {"redshift": SMOOTH, "kind": KINDS},
        {"kind": KINDS, "redshift": SMOOTH, "ellipticity": SMOOTH},
        {"kind": KINDS, "mag": 20 + SMOOTH},
    ],
)
def test_a_class_beside_numbers_that_may_be_no_votes_is_asked(read, columns):
    with pytest.raises(DataError, match="the class kind, or the numbers .* say which"):
        read(columns=columns)


def test_two_columns_of_classes_are_asked(read):
    with pytest.raises(DataError, match="the class is in one of kind, bar: say which"):
        read(columns={"kind": KINDS, "bar": KINDS})


def test_votes_of_one_question_win_over_a_class(read):
    assert read(columns=VOTES | {"kind": KINDS})[1] == ["smooth", "featured"]
