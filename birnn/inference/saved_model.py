"""Export of trained models as one file that runs without this project.

The file is a zip archive of a TensorFlow SavedModel that maps texts to probabilities. Tokenizer,
vocabulary and padding are TensorFlow operations.
"""

import tempfile
import zipfile
from pathlib import Path

import keras
import tensorflow as tf

from birnn.core.outputs import atomic_file
from birnn.evaluation.model_names import COMBINED
from birnn.inference.baseline_model import BaselineModel
from birnn.inference.network_model import NetworkModel, networks_of
from birnn.inference.predictor import Predictor
from birnn.text.encoding import FIRST_WORD, OUT_OF_VOCABULARY, PADDING, START, Encoding
from birnn.text.tokenizer import SEPARATORS
from birnn.text.unicode_words import APOSTROPHES, MATCH, MATCH_LINE, NO_WORD
from birnn.training.baseline import Baseline

UNKNOWN_NGRAM = -1

README = """This model returns the probability that a review is {positive}, from each model and
combined (the mean of their log-odds, as a probability). It needs only Python and
TensorFlow {version} or newer:

import zipfile
import tensorflow as tf

zipfile.ZipFile({name!r}).extractall("model")
predict = tf.saved_model.load("model").signatures["serving_default"]
predict(texts=tf.constant(["A fine film."]))
"""
NORMALIZE = """
Normalize texts to NFC first, which TensorFlow cannot do: unicodedata.normalize("NFC", text).
"""


class TextClassifier(tf.Module):  # type: ignore[misc]  # TensorFlow comes without types
    """Tokenizer, encoding and models as one TensorFlow module."""

    def __init__(self, predictor: Predictor) -> None:
        """Copy the models and the vocabulary of a predictor."""
        super().__init__()
        self._predictor = predictor
        self._models: dict[str, tf.Module] = {
            name: NetworkModule(model) for name, model in networks_of(predictor).items()
        }
        if isinstance(predictor.model, BaselineModel):
            self._models[predictor.name] = BaselineModule(predictor.model.baseline)

    def split(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Split UTF-8 texts into words."""
        is_unicode = self._predictor.tokenizer == "unicode"
        words = _split_unicode(texts) if is_unicode else _split_keras(texts)
        return tf.ragged.boolean_mask(words, tf.not_equal(words, ""))

    def predict(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the probabilities per model and combined, float32, shape (texts,)."""
        words = self.split(texts)
        log_odds = {name: model(words) for name, model in self._models.items()}
        temperatures = {name: self._predictor.temperature(name) for name in log_odds}
        log_odds[COMBINED] = tf.reduce_mean(list(log_odds.values()), axis=0)
        temperatures[COMBINED] = self._predictor.temperature(self._predictor.name)
        return {name: tf.sigmoid(odds / temperatures[name]) for name, odds in log_odds.items()}


class NetworkModule(tf.Module):  # type: ignore[misc]
    """The encoding and a network."""

    def __init__(self, model: NetworkModel) -> None:
        """Copy a network and its vocabulary."""
        super().__init__()
        self._encoding = model.encoding
        # Rebuilt as a plain Keras model: the kernel is for this CPU only and cannot be exported.
        sequence = keras.Input((model.encoding.maxlen,), dtype="int32")
        self._network = keras.Sequential([sequence, *model.network.layers])
        self._ids = _table(model.encoding.words, FIRST_WORD, OUT_OF_VOCABULARY)

    def encode(self, words: tf.RaggedTensor) -> tf.Tensor:
        """Encode the words of texts as padded sequences, int32, shape (texts, maxlen)."""
        ids = tf.ragged.map_flat_values(self._ids.lookup, words)
        starts = tf.fill([words.nrows(), 1], START)
        return _pad(tf.concat([starts, ids], axis=1), self._encoding)

    def __call__(self, words: tf.RaggedTensor) -> tf.Tensor:
        """Return the log-odds, float32, shape (texts,)."""
        return self._network(self.encode(words), training=False)[:, 0]


class BaselineModule(tf.Module):  # type: ignore[misc]
    """The baseline."""

    def __init__(self, trained: Baseline) -> None:
        """Copy a trained baseline."""
        super().__init__()
        self._lengths = list(range(1, trained.longest + 1))
        self._weights = tf.constant(trained.weights)
        self._intercept = trained.intercept
        self._numbers = _table(trained.ngrams, 0, UNKNOWN_NGRAM)

    def __call__(self, words: tf.RaggedTensor) -> tf.Tensor:
        """Return the log-odds, float32, shape (texts,)."""
        ngrams = tf.strings.ngrams(words, self._lengths)
        numbers = tf.ragged.map_flat_values(self._numbers.lookup, ngrams)
        numbers = tf.ragged.boolean_mask(numbers, tf.not_equal(numbers, UNKNOWN_NGRAM))
        # Count each n-gram once per text.
        size = len(self._weights)
        codes = numbers.value_rowids() * size + tf.cast(numbers.flat_values, tf.int64)
        codes, _ = tf.unique(codes)
        weights = tf.gather(self._weights, codes % size)
        sums = tf.math.unsorted_segment_sum(weights, codes // size, words.nrows())
        return tf.cast(sums + self._intercept, tf.float32)


def _table(keys: list[str], first: int, missing: int) -> tf.lookup.StaticHashTable:
    """Return a table from strings to consecutive int32 numbers."""
    numbers = tf.range(first, first + len(keys))
    initializer = tf.lookup.KeyValueTensorInitializer(tf.constant(keys, tf.string), numbers)
    return tf.lookup.StaticHashTable(initializer, missing)


def write(predictor: Predictor, file: Path) -> None:
    """Write the models, their vocabulary and a README into one zip file."""
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
        positive = predictor.classes[1]
        readme = README.format(version=tf.__version__, name=file.name, positive=positive)
        readme += NORMALIZE if predictor.tokenizer == "unicode" else ""
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
