"""Tables that are written a batch at a time."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from birnn.cli import output_tables
from birnn.core.errors import InputError

TEXTS = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1, max_size=5
)


def read(file: Path) -> pd.DataFrame:
    if file.suffix == ".parquet":
        return pd.read_parquet(file)
    if file.suffix == ".jsonl":
        return pd.read_json(file, lines=True, dtype=False)
    return pd.read_csv(file, keep_default_na=False, lineterminator="\n")


@given(st.lists(TEXTS, min_size=1, max_size=3), st.sampled_from([".jsonl", ".parquet"]))
def test_any_rows_are_read_as_written(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[str]], ending: str
) -> None:
    file = tmp_path_factory.mktemp("tables") / f"a{ending}"
    with output_tables.writer(file) as write:
        for texts in batches:
            write(pd.DataFrame({"text": texts, "probability": [0.25] * len(texts)}))
    written = [text for texts in batches for text in texts]
    table = read(file)
    assert table["text"].tolist() == written
    assert table["probability"].tolist() == [0.25] * len(written)


def test_csv_has_one_header(tmp_path: Path) -> None:
    with output_tables.writer(tmp_path / "a.csv") as write:
        for text in ('two\nlines, "quoted"', "", "é"):
            write(pd.DataFrame({"text": [text], "probability": [0.5]}))
    table = read(tmp_path / "a.csv")
    assert table["text"].tolist() == ['two\nlines, "quoted"', "", "é"]
    assert table["probability"].tolist() == [0.5, 0.5, 0.5]


def write_half(file: Path) -> None:
    with output_tables.writer(file) as write:
        write(pd.DataFrame({"text": ["x"]}))
        raise KeyboardInterrupt


def test_a_table_that_was_not_finished_leaves_the_last_one(tmp_path: Path) -> None:
    for ending in output_tables.WRITERS:
        file = tmp_path / f"a{ending}"
        file.write_text("the last one")
        with pytest.raises(KeyboardInterrupt):
            write_half(file)
        assert file.read_text() == "the last one"
    assert len(list(tmp_path.iterdir())) == len(output_tables.WRITERS)


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match=r"a\.xlsx is none of \.csv, \.jsonl, \.parquet"),
        output_tables.writer(tmp_path / "a.xlsx"),
    ):
        pass
