"""Self-training: all models together label the unlabelled reviews."""

import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from birnn import self_training
from birnn.architectures.registry import NETWORKS
from birnn.baseline import baseline
from birnn.core import paths
from birnn.core.yaml_files import read_yaml
from birnn.networks.log_odds import probability
from birnn.networks.network import predict
from birnn.reviews import encoding, sequences
from tests.birnn import small_networks
from tests.birnn.reviews.test_training_set import write_reviews
from tests.projects import PROJECT, check_all


def test_all_models_together_label_the_unlabelled_reviews(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content = read_yaml(PROJECT / "params.yaml")
    content |= {name: dict.fromkeys(content[name], 2) for name in NETWORKS}
    for section, changes in {
        "pad": {"num_words": 8, "maxlen": 4},
        "network": {"embedding_dim": 3},
        "ngrams": {"longest": 1, "min_reviews": 1},
        "baseline": {"ngrams": 1, "min_reviews": 1},
        "train": {"epochs": 1, "batch_size": 8, "learning_rate": 0.05, "self_training": True},
    }.items():
        content[section] |= changes
    chosen = check_all(content, "small")
    labelled, unlabelled = [["good", "film"], ["bad", "film"]] * 20, [["good"], None, ["bad"]]
    labels, rows = np.resize([1, 0], 40), np.arange(1, 41, dtype=np.int32)
    # The first review is held out.
    write_reviews([["bad", "good"], *labelled], ["a"] * 41, unlabelled)
    scheme = encoding.Encoding(["good", "bad", "film"], 4, "pre", "pre", "keras", ["bad", "good"])
    paths.PADDED.mkdir()
    encoding.write(scheme, paths.PADDED)
    ids, added = (encoding.encode(pa.array(words), scheme) for words in (labelled, unlabelled))
    for folder in (paths.PADDED_TRAIN, paths.PADDED_VALIDATION):
        sequences.write([(ids, labels)], rows, 4, folder)
    paths.WORD_VECTORS.mkdir(parents=True)
    np.save(paths.WORD_VECTORS / "vectors.npy", np.empty((0, 3), np.float32))

    start = time.perf_counter()
    seconds = self_training.write(chosen, chosen.baseline, Path("out"))
    assert 0 < seconds < time.perf_counter() - start
    written, predicted = sequences.read(Path("out"))
    assert isinstance(written, np.memmap)
    assert written.tolist() == [*ids.tolist(), *added.tolist()]
    assert np.load("out/rows.npy").tolist() == [*rows, 41, 42, 43]
    linear = baseline.fit(labelled, labels, chosen.baseline)
    log_odds = [
        predict(small_networks.load(self_training.FOLDER / each), added) for each in NETWORKS
    ]
    log_odds.append(linear.predict([words or [] for words in unlabelled])[0])
    expected = probability(np.mean(log_odds, axis=0))
    assert predicted.tolist() == pytest.approx([*labels, *expected])
    assert expected[0] > expected[1] > expected[2]
