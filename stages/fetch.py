"""Fetch the reviews, verify and tokenize them, and rank the words of the training split.

Reads the source of the corpus. Writes data/corpus, and data/unlabelled, whose reviews only some
recipes use.
"""

from birnn.core import paths, stage
from birnn.core.outputs import atomic_folder
from birnn.core.settings import Settings
from birnn.corpora import fallback_warning, sources, store
from birnn.corpora.review import SPLITS


def main(settings: Settings) -> None:
    """Write the requested corpus and its unlabelled reviews, or neither if one cannot be read."""
    corpus = sources.find(settings)
    refuse = settings.fetch.overlap == "refuse"
    with atomic_folder(paths.CORPUS) as folder, atomic_folder(paths.UNLABELLED) as unlabelled:
        try:
            description = store.write(corpus, folder, refuse_overlap=refuse)
        finally:
            # Also after an error: a class may be missing because its rows were skipped.
            for line in corpus.describe():
                print(line)
        counts = store.write_unlabelled(corpus, folder, unlabelled)
    for name in SPLITS:
        split = description[name]
        print(
            f"{name}: {split['reviews']:,} reviews in {split['groups']:,} groups, "
            f"{split['positive']:,} {corpus.classes[1]}"
        )
    print(f"vocabulary: {description['vocabulary']:,} words")
    print(f"test reviews whose text is also in the training split: {description['overlap']:,}")
    if any(counts.values()):
        print(
            f"{counts['reviews']:,} reviews without a label; {counts['left_out']:,} were left "
            "out, because a labelled review has the same text"
        )
    fallback_warning.warn_if_fallback(description["name"], description["requested"])


if __name__ == "__main__":
    stage.run(main)
