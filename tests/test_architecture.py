"""The table of layers."""

from galopt.architecture import layers
from galopt.params import build


def test_paper_network_shrinks_as_in_its_figure_4():
    table = list(layers(build({}).network, targets=5))
    assert [layer.side for layer in table] == [20, 8, 6, 2, None, None, None]
    assert [layer.features for layer in table] == [32, 64, 128, 128, 2048, 2048, 5]


def test_weights_are_counted_with_their_biases():
    table = list(layers(build({}).network, targets=5))
    assert table[0].weights == 6 * 6 * 3 * 32 + 32
    assert table[4].weights == 512 * 2048 + 2048
    assert table[6].weights == 2048 * 5 + 5


def test_output_and_biases_are_the_paper_s_figure_5():
    table = list(layers(build({}).network, targets=5))
    assert [layer.bias for layer in table] == [0.1] * 4 + [0.01, 0.01, 0.1]
    assert [layer.spread for layer in table] == [0.01] * 3 + [0.1, 0.001, 0.001, 0.01]
    assert [layer.activation for layer in table] == ["ReLU"] * 6 + ["sigmoid"]
