"""Fetch the reviews, verify and tokenize them, and rank the words of the training split.

Reads the source of the corpus. Writes data/corpus.
"""

from birnn.core import paths, stage
from birnn.core.outputs import atomic_folder
from birnn.reviews import corpus_writer
from birnn.reviews.corpus import SPLITS
from birnn.runtime import fallback_warning
from birnn.sources import registry
from birnn.sources.settings import SourceSettings


def main(settings: SourceSettings) -> None:
    """Write the requested corpus."""
    corpus = registry.find(settings.fetch, settings.csv)
    refuse = settings.fetch.overlap == "refuse"
    with atomic_folder(paths.CORPUS) as folder:
        try:
            description = corpus_writer.write(corpus, folder, refuse_overlap=refuse)
        finally:
            # Also after an error: a class may be missing because its rows were skipped.
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
    fallback_warning.warn_if_fallback(description["name"], description["requested"])


if __name__ == "__main__":
    stage.run(main, SourceSettings)
