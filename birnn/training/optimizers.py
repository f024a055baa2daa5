"""The optimizer and the schedule of its learning rate."""

from typing import Any

import keras

from birnn.core.settings import Train


def create_optimizer(settings: Train, reviews: int) -> keras.Optimizer:
    """Return the Keras optimizer that the settings specify, for training on so many reviews.

    The allowed names are in `core/settings.py`; Keras knows them all.
    """
    rate: Any = settings.learning_rate
    if settings.schedule == "cosine":
        steps = settings.epochs * -(-reviews // settings.batch_size)
        schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
        rate = keras.optimizers.schedules.serialize(schedule)
    config = {"learning_rate": rate}
    if settings.clipnorm:
        config["global_clipnorm"] = settings.clipnorm
    return keras.optimizers.get({"class_name": settings.optimizer, "config": config})
