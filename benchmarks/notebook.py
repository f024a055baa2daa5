"""The notebook as a plain script with Keras's own layers, and Keras's preprocessing.

python benchmarks/notebook.py train ARRAYS FOLDER EPOCHS
python benchmarks/notebook.py preprocess ARCHIVE FOLDER
"""

import sys
import tarfile
from pathlib import Path

import keras
import matplotlib as mpl
import numpy as np

mpl.use("agg")
from matplotlib import pyplot as plt

MAX_FEATURES, MAXLEN, BATCH_SIZE = 20_000, 100, 256


def network(layer: type[keras.layers.RNN]) -> keras.Sequential:
    """Return the notebook's network with a recurrent layer."""
    model = keras.Sequential(
        [
            keras.layers.Embedding(MAX_FEATURES, 128),
            keras.layers.Bidirectional(layer(64)),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def train(arrays: str, folder: str, epochs: str) -> None:
    """Pad the reviews, train and evaluate both networks, and draw their curves."""
    with np.load(arrays, allow_pickle=True) as loaded:
        x_train, x_test = (
            keras.utils.pad_sequences(loaded[f"x_{split}"], maxlen=MAXLEN)
            for split in ("train", "test")
        )
        y_train, y_test = loaded["y_train"], loaded["y_test"]
    for layer in (keras.layers.LSTM, keras.layers.GRU):
        model = network(layer)
        history = model.fit(
            x_train,
            y_train,
            batch_size=BATCH_SIZE,
            epochs=int(epochs),
            validation_data=(x_test, y_test),
            verbose=0,
        ).history
        model.evaluate(x_test, y_test, verbose=0)
        for measure in ("accuracy", "loss"):
            plt.figure()
            plt.plot(history[measure], "bo", label="Training")
            plt.plot(history[f"val_{measure}"], "b", label="Validation")
            plt.legend()
            plt.savefig(Path(folder) / f"{layer.__name__}_{measure}.png")


def preprocess(archive: str, folder: str) -> None:
    """Unpack the reviews, rank the words of the training split, and encode both splits."""
    with tarfile.open(archive) as packed:
        packed.extractall(
            folder,
            members=(m for m in packed if "/unsup" not in m.name and m.name.count("/") > 1),
            filter="data",
        )
    splits = {
        split: keras.utils.text_dataset_from_directory(
            Path(folder) / "aclImdb" / split, batch_size=BATCH_SIZE, verbose=False
        )
        for split in ("train", "test")
    }
    encode = keras.layers.TextVectorization(max_tokens=MAX_FEATURES, output_sequence_length=MAXLEN)
    encode.adapt(splits["train"].map(lambda texts, _: texts))
    for split, texts in splits.items():
        batches = list(texts.map(lambda texts, labels: (encode(texts), labels)))
        np.save(Path(folder) / f"{split}.npy", np.concatenate([ids for ids, _ in batches]))


if __name__ == "__main__":
    if sys.argv[1] == "train":
        train(*sys.argv[2:])
    else:
        preprocess(*sys.argv[2:])
