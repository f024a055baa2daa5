"""The influence of single words: the changes of predictions, and their means by place."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from birnn.evaluation import influence
from birnn.evaluation.predictor import Predictor
from birnn.reviews.encoding import Encoding
from tests.birnn.predictors import CLASSES, WORDS, small_baseline, small_predictor

TEXTS = ["good film", "", "bad", "the bad film good film isn't zxqv the film", "zxqv"]


@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("longest_ngram", [0, 2])
def test_changes_are_those_of_texts_with_an_unknown_word(
    truncating: str, longest_ngram: int
) -> None:
    networks = small_predictor(6, truncating=truncating, longest_ngram=longest_ngram)
    for predictor in (networks, small_baseline(3), small_baseline(3, normalized=True)):
        words = [text.split() for text in TEXTS]
        for model in predictor.models.values():
            places = [np.array(model.words_read(len(each)), np.int64)[::2] for each in words]
            expected = []
            for text, chosen in zip(words, places, strict=True):
                for place in chosen:
                    variant = [*text[:place], "", *text[place + 1 :]]
                    before, after = model.predict(pa.array([text, variant]))
                    expected.append(after - before if text[place] != "zxqv" else np.nan)
            changes = model.changes(pa.array(words), places)
            assert changes == pytest.approx(np.array(expected), abs=1e-5, nan_ok=True)


def test_influence_is_the_mean_change_in_deviations_by_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    predictor = Predictor(small_baseline(1).models, classes=CLASSES)
    (name, model), *_ = predictor.models.items()
    chosen = Encoding([*WORDS], 40, "pre", "pre", "keras", CLASSES)  # reads the last 40 words
    texts = ["bad " * 9 + "good film " * 20, "film zxqv " * 20, "", "zxqv"]
    log_odds = pd.DataFrame({name: [-2.0, 0.0, 2.0]})
    monkeypatch.setattr(influence, "BATCH", 3)
    table = influence.measure(predictor, chosen, texts, log_odds)
    # Each word is many times in the first two texts, so replacing one changes nothing.
    assert table["influence"].tolist() == [0] * 20
    table = influence.measure(predictor, chosen, ["good film"], log_odds)
    good, film = (abs(model.weights[word]) / 2 for word in ("good", "film"))
    assert table["part"].tolist() == [*range(1, 21)]
    assert table["influence"].tolist() == pytest.approx([good] * 10 + [film] * 10)
    expected = {"first": good, "middle": (good + film) / 2, "last": film}
    for part, value in influence.summarize(table, name).items():
        assert value == pytest.approx(expected[part.removeprefix("influence_")])
    nothing = influence.measure(predictor, chosen, ["zxqv"], log_odds)
    assert {*influence.summarize(nothing, name).values()} == {None}
