"""The bidirectional LSTM and GRU: configuration, layers, kernel and weights."""
