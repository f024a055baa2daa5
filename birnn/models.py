"""The names of the models, in files and to readers."""

NETWORKS = ("bilstm", "bigru")
BASELINE = "baseline"
TITLES = {"bilstm": "BiLSTM", "bigru": "BiGRU", "baseline": "Baseline"}
