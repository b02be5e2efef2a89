"""Train the digits network and write its weights: ``python -m nmpu_aimc.train``.

The gradients come from matrix products of the machine's BLAS, so another machine gets other weights of about the same
accuracy: this is why the file is committed and everything else loads it.
"""

from pathlib import Path
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad
from numpy.typing import NDArray

from nmpu_aimc.digits import BATCHNORM_EPS, LAYERS, Images, accuracy, float_logits, patches, split

WEIGHTS_FILE = Path(__file__).with_name("digits.npz")

# All ours. The weight noise makes the network robust to programming errors (hardware-aware training).
EPOCHS = 40
BATCH = 100
LEARNING_RATE = 3e-3
WEIGHT_NOISE = 0.05
"""Sigma of the noise on each weight while training, as a fraction of the largest weight of its column."""

Parameters = dict[str, Any]


def initial(rng: np.random.Generator) -> Parameters:
    """He initialisation of the weights; BatchNorm starts as the identity."""
    parameters: Parameters = {}
    for layer in LAYERS:
        weight = rng.normal(size=(layer.rows, layer.channels)) * np.sqrt(2 / layer.rows)
        parameters[f"{layer.name}.weight"] = weight
        if layer.batchnorm:
            parameters[f"{layer.name}.gamma"] = np.ones(layer.channels)
            parameters[f"{layer.name}.beta"] = np.zeros(layer.channels)
        else:
            parameters[f"{layer.name}.bias"] = np.zeros(layer.channels)
    return parameters


def forward(parameters: Parameters, noise: Parameters, x: Any, statistics: Parameters | None = None) -> Any:
    """Logits (images, 10) with BatchNorm over the batch; its mean and variance are left in `statistics`."""
    for layer in LAYERS:
        weight = parameters[f"{layer.name}.weight"]
        x = anp.dot(patches(x, layer, anp), weight + noise.get(layer.name, 0.0))
        if not layer.batchnorm:
            x = x + parameters[f"{layer.name}.bias"]
            continue
        mean, var = anp.mean(x, axis=(0, 1, 2)), anp.var(x, axis=(0, 1, 2))
        if statistics is not None:
            statistics |= {f"{layer.name}.mean": mean, f"{layer.name}.var": var}
        x = (x - mean) / anp.sqrt(var + BATCHNORM_EPS)
        x = anp.maximum(parameters[f"{layer.name}.gamma"] * x + parameters[f"{layer.name}.beta"], 0.0)
    return anp.reshape(x, (len(x), -1))


def cross_entropy(parameters: Parameters, noise: Parameters, x: Any, labels: Any) -> Any:
    """Mean of -log softmax(logits)[label]."""
    logits = forward(parameters, noise, x)
    logits = logits - anp.max(logits, axis=1, keepdims=True)
    return anp.mean(anp.log(anp.sum(anp.exp(logits), axis=1)) - logits[anp.arange(len(labels)), labels])


def train(images: Images, epochs: int = EPOCHS, seed: int = 0) -> tuple[dict[str, NDArray[np.float16]], list[float]]:
    """Adam with a cosine learning rate; the weights as float16, and the mean training loss of each epoch."""
    rng = np.random.default_rng(seed)
    parameters = initial(rng)
    gradient = value_and_grad(cross_entropy)
    first = {name: np.zeros_like(value) for name, value in parameters.items()}
    second = {name: np.zeros_like(value) for name, value in parameters.items()}
    x, losses, step = images.pixels / 16, [], 0
    batches = len(x) // BATCH
    for _ in range(epochs):
        total = 0.0
        for batch in np.array_split(rng.permutation(len(x)), batches):
            noise = {layer.name: _noise(rng, parameters[f"{layer.name}.weight"]) for layer in LAYERS}
            loss, slopes = gradient(parameters, noise, x[batch], images.labels[batch])
            total += float(loss)
            rate = LEARNING_RATE * (1 + np.cos(np.pi * step / (epochs * batches))) / 2
            step += 1
            for name, slope in slopes.items():
                first[name] += 0.1 * (slope - first[name])
                second[name] += 0.001 * (slope**2 - second[name])
                mean, square = first[name] / (1 - 0.9**step), second[name] / (1 - 0.999**step)
                parameters[name] = parameters[name] - rate * mean / (np.sqrt(square) + 1e-8)
        losses.append(total / batches)
    statistics: Parameters = {}
    forward(parameters, {}, x, statistics)
    return {name: value.astype(np.float16) for name, value in (parameters | statistics).items()}, losses


def _noise(rng: np.random.Generator, weight: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(WEIGHT_NOISE * np.abs(weight).max(axis=0) * rng.normal(size=weight.shape))


def main() -> None:
    train_images, test_images = split()
    weights, losses = train(train_images)
    np.savez_compressed(WEIGHTS_FILE, allow_pickle=False, **weights)
    wide = {name: value.astype(np.float64) for name, value in weights.items()}
    score = accuracy(float_logits(wide, test_images), test_images.labels)
    print(f"loss {losses[-1]:.4f}, held-out accuracy {100 * score:.2f} % of {len(test_images.labels)} images")
    print(f"{WEIGHTS_FILE.name}: {WEIGHTS_FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
