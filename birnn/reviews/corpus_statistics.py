"""Statistics and a digest of the reviews, and the words that distinguish the classes."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from birnn.core.outputs import read_json
from birnn.reviews import corpus_reader
from birnn.reviews.corpus import SPLITS, short_hash

LEAST_Z = 3  # standard errors between the log-odds of a word in both classes
CORRECTION = 0.5
DIGITS = 12  # of the digest


@dataclass(frozen=True)
class SplitStatistics:
    """Statistics of the reviews of a split."""

    lengths: NDArray[np.int32]  # the number of words of each review, int32, shape (reviews,)
    positive: int  # the number of positive reviews
    repeated: int  # the number of reviews whose text is also in an earlier row
    group_sizes: NDArray[np.int64]  # the number of reviews of each group, int64, shape (groups,)
    known_words: int  # the number of words of all reviews that are in the vocabulary

    def truncated(self, maxlen: int) -> float:
        """Return the share of reviews with more than `maxlen` ids, including the start."""
        return float((self.lengths >= maxlen).mean())


def measure(file: Path, vocabulary: list[str]) -> SplitStatistics:
    """Measure the reviews of a split.

    Memory holds a batch of reviews, the names of the groups, and 16 bytes per review.
    """
    known = pa.array(vocabulary, pa.string())
    texts = corpus_reader.all_texts(file)
    hashes = np.fromiter((short_hash(text.encode()) for text in texts), np.uint64)
    return SplitStatistics(
        lengths=corpus_reader.lengths(file),
        positive=int(corpus_reader.column(file, "label").sum()),
        repeated=len(hashes) - len(np.unique(hashes)),
        group_sizes=np.bincount(corpus_reader.groups(file)),
        known_words=sum(
            pc.sum(pc.is_in(batch["tokens"].flatten(), known)).as_py() or 0
            for batch in corpus_reader.batches(file, ["tokens"])
        ),
    )


def digest(folder: Path) -> str:
    """Return 12 hex digits that identify the texts and labels of both splits of a corpus."""
    total, described = hashlib.sha256(), read_json(folder / "corpus.json")
    for split in SPLITS:
        labels = corpus_reader.column(folder / f"{split}.parquet", "label")
        total.update(described[split]["digest"].encode() + labels.tobytes())
    return total.hexdigest()[:DIGITS]


def tabulate(
    train: SplitStatistics, test: SplitStatistics, overlap: int, maxlen: int, positive: str
) -> dict[str, tuple[str, str]]:
    """Return the formatted values of both splits by title; groups only if any has two reviews.

    `overlap` is the number of test reviews whose text is also in the training split, and `positive`
    is the name of the positive class.
    """
    grouped = any(split.group_sizes.max() > 1 for split in (train, test))
    train_values, test_values = (
        _format(split, maxlen, positive, grouped=grouped) for split in (train, test)
    )
    rows = {title: (train_values[title], test_values[title]) for title in train_values}
    return rows | {"text is also in a training review": ("", f"{overlap:,}")}


def _format(split: SplitStatistics, maxlen: int, positive: str, *, grouped: bool) -> dict[str, str]:
    size = len(split.lengths)
    median, most, nearly_all = np.quantile(split.lengths, (0.5, 0.9, 0.99))
    groups = {
        "groups, such as films or equal texts": f"{len(split.group_sizes):,}",
        "reviews per group, largest": f"{split.group_sizes.max():,}",
    }
    return {
        "reviews": f"{size:,}",
        f"share of {positive}": f"{split.positive / size:.1%}",
        **(groups if grouped else {}),
        "words per review, median": f"{median:,.0f}",
        "words per review, 90% have at most": f"{most:,.0f}",
        "words per review, 99% have at most": f"{nearly_all:,.0f}",
        "words per review, longest": f"{split.lengths.max():,}",
        f"truncated at pad.maxlen {maxlen}": f"{split.truncated(maxlen):.1%}",
        "words in the vocabulary": f"{split.known_words / max(split.lengths.sum(), 1):.1%}",
        "text is also in an earlier row": f"{split.repeated:,}",
    }


def find_distinctive_words(
    file: Path, vocabulary: list[str], count: int
) -> tuple[list[str], list[str]]:
    """Return the most distinctive words of positive and of negative reviews, up to `count` each.

    The odds of a word are the number of reviews of a class that contain it over the number that do
    not, both plus a half (Haldane 1956, Anscombe 1956). Words are ranked by the difference of the
    log-odds between the classes over its standard error, as Monroe, Colaresi and Quinn ("Fightin'
    Words", 2008) rank words by their total counts. So neither the most frequent words nor the
    rarest come first. Words below `LEAST_Z` standard errors are left out.
    """
    counts: list[Counter[str]] = [Counter(), Counter()]  # of the reviews of each class by word
    sizes = [0, 0]
    for batch in corpus_reader.batches(file, ["label", "tokens"]):
        rows = zip(batch["label"].to_pylist(), batch["tokens"].to_pylist(), strict=True)
        for label, tokens in rows:
            counts[label].update({*(tokens or ())})
            sizes[label] += 1
    containing = np.array([[count[word] for word in vocabulary] for count in counts])
    present, absent = containing + CORRECTION, np.array(sizes)[:, None] - containing + CORRECTION
    negative, positive = np.log(present / absent)
    z = (positive - negative) / np.sqrt((1 / present + 1 / absent).sum(axis=0))

    def best(scores: NDArray[np.float64]) -> list[str]:
        ranked = np.argsort(-scores, kind="stable")
        return [
            vocabulary[index]
            for index in ranked[scores[ranked] >= LEAST_Z]
            # A word may contain a line separator, which would break a table.
            if vocabulary[index].isprintable()
        ][:count]

    return best(z), best(-z)
