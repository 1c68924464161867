"""The shipped sample is the generator's own first sixty titles."""

from __future__ import annotations

from pathlib import Path

from popflix.sandbox.catalogue import Catalogue
from popflix.sandbox.imdb import tsv_lines
from tests.site import ROOT

SAMPLE: Path = ROOT / "samples" / "title.basics.tsv"


def test_the_sample_and_the_generator_agree() -> None:
    """When the generator changes: serve 60 titles of seed 1 and save title.basics.tsv."""
    assert SAMPLE.read_bytes().decode() == "".join(tsv_lines(Catalogue(60, 1)))
