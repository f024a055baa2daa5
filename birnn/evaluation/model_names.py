"""Names of the models in files, and their titles in reports."""

NETWORKS = ("bilstm", "bigru")
BASELINE = "baseline"
TITLES = {"bilstm": "BiLSTM", "bigru": "BiGRU", "baseline": "Baseline"}

# Blends: ensembles of several models.
BOTH, ALL = "networks", "all"
BLEND_TITLES = TITLES | {BOTH: "Both networks", ALL: "Both and the baseline"}
