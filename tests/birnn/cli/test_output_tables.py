"""Tables that are written in batches."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.cli import output_tables
from birnn.core.errors import InputError

TEXTS = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1, max_size=5
)
READERS = {
    # Without quotes, a carriage return would end a row.
    ".csv": lambda file: pd.read_csv(file, keep_default_na=False, lineterminator="\n"),
    ".jsonl": lambda file: pd.read_json(file, lines=True, dtype=False),
    ".parquet": pd.read_parquet,
}


@settings(max_examples=20)
@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_rows_are_unchanged_after_reading(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    written = [text for texts in batches for text in texts]
    for extension, reader in READERS.items():
        with output_tables.writer(folder / f"a{extension}") as write:
            for texts in batches:
                write(pd.DataFrame({"text": texts, "probability": [0.25] * len(texts)}))
        table = reader(folder / f"a{extension}")
        assert table["text"].tolist() == written
        assert table["probability"].tolist() == [0.25] * len(written)


def write_and_fail(file: Path) -> None:
    with output_tables.writer(file) as write:
        write(pd.DataFrame({"text": ["x"]}))
        raise KeyboardInterrupt


@pytest.mark.parametrize("extension", output_tables.WRITERS)
def test_failure_keeps_the_previous_table(tmp_path: Path, extension: str) -> None:
    file = tmp_path / f"a{extension.upper()}"
    file.write_text("previous")
    with pytest.raises(KeyboardInterrupt):
        write_and_fail(file)
    assert file.read_text() == "previous"
    assert list(tmp_path.iterdir()) == [file]


def test_other_extensions_are_refused(tmp_path: Path) -> None:
    expected = r"a\.xlsx has an unsupported extension: use one of \.csv, \.jsonl, \.parquet"
    writer = output_tables.writer(tmp_path / "a.xlsx")
    with pytest.raises(InputError, match=expected), writer:
        pass
