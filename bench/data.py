"""The data of the benchmark: random, but the same for the same seed, so that each side makes its own."""
import numpy as np

DIM = 128


class Rows:
    def __init__(self, count, seed):
        random = np.random.default_rng(seed)
        self.ids = np.arange(count, dtype=np.int64)
        # 8 to 40 characters
        words = random.bytes(20 * count).hex()
        lengths = random.integers(8, 41, count)
        self.names = [words[40 * i:40 * i + lengths[i]] for i in range(count)]
        self.prices = random.uniform(0, 1000, count).round(2)
        self.vectors = random.random((count, DIM), dtype=np.float32)


def queries(count, seed):
    random = np.random.default_rng((seed, 1))
    return random.random((count, DIM), dtype=np.float32)


def key_order(count, seed):
    """All keys, shuffled."""
    return np.random.default_rng((seed, 2)).permutation(count)


def some_keys(count, seed, number, which):
    """A set of keys, another one for each "which"."""
    return np.random.default_rng((seed, 3, which)).choice(count, min(number, count), replace=False)
