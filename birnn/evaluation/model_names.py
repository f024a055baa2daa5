"""The names of the models, in files and to readers."""

NETWORKS = ("bilstm", "bigru")
BASELINE = "baseline"
TITLES = {"bilstm": "BiLSTM", "bigru": "BiGRU", "baseline": "Baseline"}

# Blends of several models.
BOTH, ALL = "networks", "all"
BLEND_TITLES = TITLES | {BOTH: "Both networks", ALL: "Both and the baseline"}

# Of the labels 0 and 1; a review is called positive above the threshold.
CLASSES = ("negative", "positive")
THRESHOLD = 0.5
