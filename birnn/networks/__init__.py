"""The bidirectional LSTM and GRU: their configuration, layers, kernel and weights."""
