"""Fetch the reviews, verify and tokenize them, and rank the words of the training split.

Reads the source of the corpus. Writes data/corpus, and data/unlabelled, whose reviews only some
recipes use.
"""

from birnn.core import paths, stage
from birnn.core.outputs import atomic_folder
from birnn.core.settings import Settings
from birnn.corpora import fallback_warning, sources, store
from birnn.corpora.review import SPLITS
from birnn.corpora.sources import Corpus


def main(settings: Settings) -> None:
    """Write the requested corpus and its unlabelled reviews."""
    corpus = sources.find(settings)
    refuse = settings.fetch.overlap == "refuse"
    with atomic_folder(paths.CORPUS) as folder:
        description = store.write(corpus, folder, refuse_overlap=refuse)
    for line in corpus.describe():
        print(line)
    for name in SPLITS:
        split = description[name]
        print(
            f"{name}: {split['reviews']:,} reviews in {split['groups']:,} groups, "
            f"{split['positive']:,} {corpus.classes[1]}"
        )
    print(f"vocabulary: {description['vocabulary']:,} words")
    print(f"test reviews whose text is also in the training split: {description['overlap']:,}")
    write_unlabelled(corpus)
    fallback_warning.warn_if_fallback(description["name"], description["requested"])


def write_unlabelled(corpus: Corpus) -> None:
    """Write the words of the unlabelled reviews, an empty file if the corpus has none."""
    with atomic_folder(paths.UNLABELLED) as folder:
        written = store.write_unlabelled(corpus, paths.CORPUS, folder)
    if any(written.values()):
        print(
            f"{written['reviews']:,} reviews without a label; {written['left_out']:,} were left "
            "out, because a labelled review has the same text"
        )


if __name__ == "__main__":
    stage.run(main)
