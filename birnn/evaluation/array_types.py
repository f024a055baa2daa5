"""Types of arrays that have one value per review, in the order of the reviews."""

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]
"""1 positive, 0 negative, shape (reviews,)."""

LogOdds = NDArray[np.floating]
"""The predicted log-odds that each review is positive, shape (reviews,)."""

Correct = NDArray[np.bool_]
"""True for reviews that a model classifies correctly, shape (reviews,)."""

Groups = NDArray[np.int32]
"""The number of each review's group, such as its film, shape (reviews,)."""
