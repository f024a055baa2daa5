"""What the notebook published that this pipeline starts from: its own run, on IMDB, 10 epochs."""

RESULTS = {
    "bilstm": {
        "accuracy": 0.8181,
        "loss": 0.7756,
        "best_val_accuracy": 0.8496,
        "best_val_epoch": 2,
    },
    "bigru": {
        "accuracy": 0.8174,
        "loss": 1.0629,
        "best_val_accuracy": 0.8499,
        "best_val_epoch": 2,
    },
}
