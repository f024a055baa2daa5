"""Predict with an exported model, in a folder with birnn.onnx and birnn.json.

This file needs nothing else of the project: only ONNX Runtime, NumPy, and regex unless the model
was trained on IMDB.
"""  # noqa: INP001  # a script, not a package

import html
import json
import unicodedata
from pathlib import Path

import numpy as np
import onnxruntime

encoding = json.loads(Path("birnn.json").read_text(encoding="utf-8"))
length, replace = encoding["length"], str.maketrans(encoding["replace"])
ids = {word: id_ for id_, word in enumerate(encoding["words"], encoding["first_word_id"])}
session = onnxruntime.InferenceSession("birnn.onnx")
outputs = [output.name for output in session.get_outputs()]


def split(text: str) -> list[str]:
    """Return the words of a text."""
    if "word" not in encoding:  # trained on IMDB
        return [word for word in text.translate(replace).split(" ") if word]
    import regex  # type: ignore[import-untyped]  # noqa: PLC0415  # only for other words

    text = regex.sub(encoding["entity"], lambda entity: html.unescape(entity[0]), text)
    words = [word for word in regex.findall(encoding["word"], text) if word]
    return [unicodedata.normalize("NFC", word).lower().translate(replace) for word in words]


def encode(text: str) -> list[int]:
    """Return the ids of the words that the model reads."""
    row = [encoding["start_id"], *(ids.get(word, encoding["unknown_id"]) for word in split(text))]
    return row[-length:] if encoding["truncating"] == "pre" else row[:length]


def pad(row: list[int], length: int) -> list[int]:
    """Return ids of the given length."""
    padding = [encoding["padding_id"]] * (length - len(row))
    return padding + row if encoding["padding"] == "pre" else row + padding


def predict(texts: list[str]) -> dict[str, list[float | None]]:
    """Return each model's probabilities, and of all combined; None without a known word."""
    rows = [encode(text) for text in texts]
    longest = length or max(map(len, rows))
    padded = np.array([pad(row, longest) for row in rows], np.int32)
    known = (padded >= encoding["first_word_id"]).any(axis=1)
    found = zip(outputs, session.run(None, {"ids": padded}), strict=True)
    return {name: np.where(known, values, np.array(None)).tolist() for name, values in found}


print(predict(["A fine film."]))
