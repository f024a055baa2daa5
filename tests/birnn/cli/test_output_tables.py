"""Tables that are written in batches."""

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
def test_rows_are_unchanged_after_reading(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[str]], extension: str
) -> None:
    file = tmp_path_factory.mktemp("tables") / f"a{extension}"
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


def write_and_fail(file: Path) -> None:
    with output_tables.writer(file) as write:
        write(pd.DataFrame({"text": ["x"]}))
        raise KeyboardInterrupt


def test_failure_keeps_the_previous_table(tmp_path: Path) -> None:
    for extension in output_tables.WRITERS:
        file = tmp_path / f"a{extension}"
        file.write_text("previous")
        with pytest.raises(KeyboardInterrupt):
            write_and_fail(file)
        assert file.read_text() == "previous"
    assert len(list(tmp_path.iterdir())) == len(output_tables.WRITERS)


def test_other_extensions_are_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match=r"a\.xlsx has an unsupported extension: use one of \.csv"),
        output_tables.writer(tmp_path / "a.xlsx"),
    ):
        pass
