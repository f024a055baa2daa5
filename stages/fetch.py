"""Bring the reviews, verify and tokenize them, and rank the words of the training split.

Reads the corpus source, writes data/corpus.
"""

from pathlib import Path

from birnn import notices
from birnn.base import command
from birnn.base.files import whole_folder
from birnn.base.settings import Settings
from birnn.corpora import sources, store

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
    notices.warn_of_stand_in(description["name"], description["requested"])


if __name__ == "__main__":
    command.run(main)
