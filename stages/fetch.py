"""Bring the reviews, verify and tokenize them, and rank the words of the training split.

Reads the corpus source, writes data/corpus.
"""

from pathlib import Path

from birnn.core import stage
from birnn.core.outputs import whole_folder
from birnn.core.settings import Settings
from birnn.corpora import fallback, sources, store

RAW = Path("data/raw")
CORPUS = Path("data/corpus")


def main(settings: Settings) -> None:
    """Write the corpus that the settings name."""
    corpus = sources.find(settings, RAW)
    refuse = settings.fetch.overlap == "refuse"
    with whole_folder(CORPUS) as folder:
        description = store.write(corpus, folder, refuse_overlap=refuse)
    for split in ("train", "test"):
        part = description[split]
        print(
            f"{split}: {part['reviews']:,} reviews of {part['groups']:,} groups, "
            f"{part['positive']:,} positive"
        )
    print(f"vocabulary: {description['vocabulary']:,} words")
    print(f"test reviews that are training reviews as well: {description['overlap']:,}")
    fallback.warn_of_stand_in(description["name"], description["requested"])


if __name__ == "__main__":
    stage.run(main)
