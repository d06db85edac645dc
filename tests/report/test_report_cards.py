"""What notebooks show by themselves."""

import sys
import types
from html.parser import HTMLParser

import numpy as np

import autoden as ad
from autoden.report.cards import card
from autoden.report.tables import Table

VOID = {"img"}


class Balanced(HTMLParser):
    """Checks that all that is opened is closed, and keeps what is told."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def parsed(text):
    page = Balanced(text)
    assert page.open == []
    return page


def test_nothing_that_is_shown_can_run():
    table = Table("Methods <b>", ("Name",), [("<script>",), (None,)], marked=[0])
    page = parsed(card("<script>alert(1)</script>", ["a < b"], warnings=["<i>"], table=table,
                       picture=b"\x89PNG", says='"quoted"'))  # fmt: skip
    assert not {"script", "i", "b"} & {tag for tag, _ in page.seen}
    assert "<script>alert(1)</script>" in page.text
    (picture,) = (attributes for tag, attributes in page.seen if tag == "img")
    assert picture["src"].startswith("data:image/png;base64,")
    assert picture["alt"] == '"quoted"'


def test_a_history_shows_itself_and_its_bar_moves_in_a_notebook(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    n2n = ad.N2N(ad.NetworkParamsDnCNN(n_dims=1, n_layers=2, n_features=2), seed=0)
    repeats = np.random.default_rng(0).poisson(9.0, (3, 64))
    losses = n2n.train(*n2n.prepare_data(repeats), epochs=3)
    assert "Training: 100%" in capsys.readouterr().err
    page = parsed(losses._repr_html_())
    assert "Training, 3 epochs" in page.text
    assert f"held-out loss {losses.best_held_out:.4g}" in page.text
    assert "img" in {tag for tag, _ in page.seen}
