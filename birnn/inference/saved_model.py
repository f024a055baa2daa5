"""The trained networks as one file that runs without this project: from texts to probabilities.

A zip of a TensorFlow SavedModel with the vocabulary, the words' cut, the ids, truncating and
padding inside, all as TensorFlow operations.
"""

import tempfile
import zipfile
from pathlib import Path

import keras
import tensorflow as tf

from birnn.core.outputs import whole_file
from birnn.inference.predictor import Reader
from birnn.text.encoding import FIRST_WORD, OUT_OF_VOCABULARY, PADDING, START, Encoding
from birnn.text.tokenizer import SEPARATORS

README = """Tells the probability that a review is positive, by each network and as their mean. It
needs Python and TensorFlow {version} or newer, and nothing else:

import zipfile
import tensorflow as tf

zipfile.ZipFile("{name}").extractall("model")
predict = tf.saved_model.load("model").signatures["serving_default"]
predict(texts=tf.constant(["A fine film."]))
"""


class FromTexts(tf.Module):  # type: ignore[misc]  # TensorFlow comes without types
    """Encodes texts as `vocabulary.tokenize` and `encoding.encode` do, and predicts them."""

    def __init__(self, reading: Reader) -> None:
        """Take the networks and their encoding."""
        super().__init__()
        self._encoding = reading.encoding
        # Their layers as Keras computes them: what is compiled for this processor stays here.
        ids = keras.Input((reading.encoding.maxlen,), dtype="int32")
        self._networks = {
            name: keras.Sequential([ids, *model.layers]) for name, model in reading.networks.items()
        }
        words = tf.constant(reading.encoding.words, tf.string)
        ids = tf.range(FIRST_WORD, FIRST_WORD + tf.size(words))
        self._ids = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(words, ids), OUT_OF_VOCABULARY
        )

    def encode(self, texts: tf.Tensor) -> tf.Tensor:
        """Return the padded sequences of UTF-8 texts, int32, shape (texts, maxlen)."""
        separators = "".join(f"\\x{byte:02x}" for byte in SEPARATORS)
        # Without an encoding, lower case is of ASCII letters alone.
        spaced = tf.strings.regex_replace(tf.strings.lower(texts), f"[{separators}]", " ")
        words = tf.strings.split(spaced, sep=" ")
        words = tf.ragged.boolean_mask(words, tf.not_equal(words, ""))
        ids = tf.ragged.map_flat_values(self._ids.lookup, words)
        starts = tf.fill([tf.shape(texts)[0], 1], START)
        return _pad(tf.concat([starts, ids], axis=1), self._encoding)

    def predict(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the probability of positive, float32, shape (texts,), by network, and the mean."""
        sequences = self.encode(texts)
        probabilities = {
            name: model(sequences, training=False)[:, 0] for name, model in self._networks.items()
        }
        return probabilities | {"mean": tf.reduce_mean(list(probabilities.values()), axis=0)}


def write(reading: Reader, file: Path) -> None:
    """Write the networks, their encoding and how to use them into one zip file."""
    module = FromTexts(reading)
    archive = keras.export.ExportArchive()
    archive.track(module)
    archive.add_endpoint(
        name="serving_default",
        fn=module.predict,
        input_signature=[tf.TensorSpec([None], tf.string, name="texts")],
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive.write_out(str(folder), verbose=False)
        readme = README.format(version=tf.__version__, name=file.name)
        (folder / "README.txt").write_text(readme, encoding="utf-8")
        with whole_file(file) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as output:
            for path in sorted(folder.rglob("*")):
                output.write(path, path.relative_to(folder))


def _pad(ids: tf.RaggedTensor, encoding: Encoding) -> tf.Tensor:
    """Truncate and pad as `keras.utils.pad_sequences` does."""
    maxlen = encoding.maxlen
    kept = ids[:, -maxlen:] if encoding.truncating == "pre" else ids[:, :maxlen]
    if encoding.padding == "post":
        return kept.to_tensor(PADDING, shape=[None, maxlen])
    backwards = kept[:, ::-1].to_tensor(PADDING, shape=[None, maxlen])
    return tf.reverse(backwards, axis=[1])
