"""Figures inside a page."""

from xml.etree import ElementTree

from matplotlib.figure import Figure

from galopt.report.html import inline, svg


def drawn() -> str:
    figure = Figure()
    figure.subplots().plot([0, 1], [0, 1], "o", color="#123456")
    return svg(figure)


def test_same_figure_gives_same_text():
    assert drawn() == drawn()
    assert "<dc:date>" not in drawn()


def test_element_is_named_and_fits_any_page():
    text = inline(drawn(), "curve", "A line & <two> dots")
    root = ElementTree.fromstring(text)
    assert text.startswith("<svg")
    assert root.get("role") == "img"
    assert root.get("width") is None
    assert root[0].text == "A line & <two> dots"
    assert root[0].get("id") == root.get("aria-labelledby")


def test_figures_share_no_id():
    first, second = inline(drawn(), "a", ""), inline(drawn(), "b", "")
    ids = [{e.get("id") for e in ElementTree.fromstring(text).iter()} for text in (first, second)]
    assert ids[0] & ids[1] == {None}


def test_references_follow_their_ids():
    root = ElementTree.fromstring(inline(drawn(), "a", ""))
    ids = {element.get("id") for element in root.iter()}
    uses = [element for element in root.iter() if element.tag.endswith("use")]
    assert uses
    assert all(use.get("{http://www.w3.org/1999/xlink}href")[1:] in ids for use in uses)
    clipped = [e.get("clip-path") for e in root.iter() if e.get("clip-path")]
    assert all(reference[5:-1] in ids for reference in clipped)


def test_black_and_white_follow_the_page_and_colours_stay():
    text = inline(drawn(), "a", "")
    assert "#000000" not in text
    assert "fill: #ffffff" not in text
    assert "currentColor" in text
    assert "#123456" in text
