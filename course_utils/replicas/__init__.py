"""Many seeds for the price of one: R copies of a small Keras model, trained together in
compiled loops.

- `fit`: what one calls, `fit_replicas`, and what it returns
- `loop`: the compiled loop, with the update of one replica
- `starts`: initial weights and the order of the data, from each replica's seed
- `limits`: what cannot be trained as replicas, and why
- `stateless`: what Keras on TensorFlow lacks for it
"""

from .fit import Interrupted, Runs, fit_replicas
from .limits import ReplicaError
from .starts import data_order, initial_weights

__all__ = [
    "Interrupted",
    "ReplicaError",
    "Runs",
    "data_order",
    "fit_replicas",
    "initial_weights",
]
