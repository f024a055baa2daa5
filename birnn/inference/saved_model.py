"""Export of the trained networks as one file that runs without this project.

The file is a zip archive of a TensorFlow SavedModel that maps texts to probabilities. Tokenizer,
vocabulary and padding are TensorFlow operations.
"""

import tempfile
import zipfile
from pathlib import Path

import keras
import tensorflow as tf

from birnn.core.outputs import atomic_file
from birnn.inference.predictor import COMBINED, Predictor
from birnn.text.encoding import FIRST_WORD, OUT_OF_VOCABULARY, PADDING, START, Encoding
from birnn.text.tokenizer import SEPARATORS
from birnn.text.unicode_words import APOSTROPHES, MATCH, MATCH_LINE, NO_WORD

README = """This model returns the probability that a review is positive, from each network and
combined (the mean of their log-odds, as a probability). It needs only Python and
TensorFlow {version} or newer:

import zipfile
import tensorflow as tf

zipfile.ZipFile("{name}").extractall("model")
predict = tf.saved_model.load("model").signatures["serving_default"]
predict(texts=tf.constant(["A fine film."]))
"""
NORMALIZE = """
Normalize texts to NFC first, which TensorFlow cannot do: unicodedata.normalize("NFC", text).
"""


class TextClassifier(tf.Module):  # type: ignore[misc]  # TensorFlow comes without types
    """Tokenizer, encoding and networks as one TensorFlow module."""

    def __init__(self, predictor: Predictor) -> None:
        """Copy the networks and the vocabulary of a predictor."""
        super().__init__()
        self._encoding = predictor.encoding
        # Rebuilt as plain Keras models: the kernel is compiled for this CPU and cannot be exported.
        sequence = keras.Input((predictor.encoding.maxlen,), dtype="int32")
        self._networks = {
            name: keras.Sequential([sequence, *model.layers])
            for name, model in predictor.networks.items()
        }
        words = tf.constant(predictor.encoding.words, tf.string)
        ids = tf.range(FIRST_WORD, FIRST_WORD + tf.size(words))
        self._ids = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(words, ids), OUT_OF_VOCABULARY
        )

    def encode(self, texts: tf.Tensor) -> tf.Tensor:
        """Encode UTF-8 texts as padded sequences, int32, shape (texts, maxlen)."""
        split = _split_unicode if self._encoding.tokenizer == "unicode" else _split_keras
        words = split(texts)
        words = tf.ragged.boolean_mask(words, tf.not_equal(words, ""))
        ids = tf.ragged.map_flat_values(self._ids.lookup, words)
        starts = tf.fill([tf.shape(texts)[0], 1], START)
        return _pad(tf.concat([starts, ids], axis=1), self._encoding)

    def predict(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the probabilities per network and combined, float32, shape (texts,)."""
        sequences = self.encode(texts)
        log_odds = {
            name: model(sequences, training=False)[:, 0] for name, model in self._networks.items()
        }
        log_odds[COMBINED] = tf.reduce_mean(list(log_odds.values()), axis=0)
        return {name: tf.sigmoid(odds) for name, odds in log_odds.items()}


def write(predictor: Predictor, file: Path) -> None:
    """Write the networks, their encoding and a README into one zip file."""
    module = TextClassifier(predictor)
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
        readme += NORMALIZE if predictor.encoding.tokenizer == "unicode" else ""
        (folder / "README.txt").write_text(readme, encoding="utf-8")
        with (
            atomic_file(file) as temporary,
            zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as output,
        ):
            for path in sorted(folder.rglob("*")):
                output.write(path, path.relative_to(folder))


def _split_keras(texts: tf.Tensor) -> tf.RaggedTensor:
    separators = "".join(f"\\x{byte:02x}" for byte in SEPARATORS)
    # Without an encoding, `lower` changes only ASCII letters.
    spaced = tf.strings.regex_replace(tf.strings.lower(texts), f"[{separators}]", " ")
    return tf.strings.split(spaced, sep=" ")


def _split_unicode(texts: tf.Tensor) -> tf.RaggedTensor:
    """Split texts as `text.unicode_words` does, but without normalization to NFC."""
    lines = tf.strings.regex_replace(tf.strings.regex_replace(texts, "\n", " "), MATCH, MATCH_LINE)
    words = tf.strings.regex_replace(lines, NO_WORD, "")
    # In a Turkish locale, `lower` would change these letters in another way.
    for upper, lower in (("I", "i"), ("\u0130", "i\u0307"), (f"[{APOSTROPHES}]", "'")):
        words = tf.strings.regex_replace(words, upper, lower)
    return tf.strings.split(tf.strings.lower(words, encoding="utf-8"), sep="\n")


def _pad(ids: tf.RaggedTensor, encoding: Encoding) -> tf.Tensor:
    """Truncate and pad as `keras.utils.pad_sequences` does."""
    maxlen = encoding.maxlen
    truncated = ids[:, -maxlen:] if encoding.truncating == "pre" else ids[:, :maxlen]
    if encoding.padding == "post":
        return truncated.to_tensor(PADDING, shape=[None, maxlen])
    reversed_ids = truncated[:, ::-1].to_tensor(PADDING, shape=[None, maxlen])
    return tf.reverse(reversed_ids, axis=[1])
