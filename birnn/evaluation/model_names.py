"""The names of the models: in files and, as titles, for readers."""

NETWORKS = ("bilstm", "bigru")
BASELINE = "baseline"
TITLES = {"bilstm": "BiLSTM", "bigru": "BiGRU", "baseline": "Baseline"}

# Blends of several models.
BOTH, ALL = "networks", "all"
BLEND_TITLES = TITLES | {BOTH: "Both networks", ALL: "Both and the baseline"}
