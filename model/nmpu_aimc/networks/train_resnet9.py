"""Train ResNet9 on CIFAR-10 and write its weights: ``python -m nmpu_aimc.networks.train_resnet9 --data FOLDER``.

Another machine gets other weights of about the same accuracy: this is why the file is committed and everything else
loads it.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from torch import Tensor, nn

from nmpu_aimc.networks.cifar import ImageSet, cifar10
from nmpu_aimc.networks.resnet import MEAN_10, STD_10, ResNet9

WEIGHTS_FILE = Path(__file__).with_name("resnet9.npz")

# All ours. The weight noise makes the network robust to programming errors (hardware-aware training).
EPOCHS = 24
BATCH = 256
LEARNING_RATE = 0.02
MOMENTUM = 0.9
WEIGHT_DECAY = 5e-4
WEIGHT_NOISE = 0.03
"""Sigma of the noise on each weight while training, as a fraction of the largest weight of its column."""
LABEL_SMOOTHING = 0.1
PADDING = 4


def tensors(images: ImageSet) -> tuple[Tensor, Tensor]:
    """Normalised images (images, 3, 32, 32) and labels."""
    pixels = torch.from_numpy(images.pixels).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN_10, STD_10))
    return ((pixels - mean) / std).contiguous(memory_format=torch.channels_last), torch.from_numpy(images.labels)


def augment(x: Tensor, generator: torch.Generator) -> Tensor:
    """Each image mirrored or not, and shifted by up to four pixels."""
    size = x.shape[-1]
    padded = nn.functional.pad(x, (PADDING,) * 4)
    out = torch.empty_like(x)
    flips = torch.randint(2, (len(x),), generator=generator)
    shifts = torch.randint(2 * PADDING + 1, (len(x), 2), generator=generator)
    for index, (flip, (top, left)) in enumerate(zip(flips.tolist(), shifts.tolist(), strict=True)):
        image = padded[index, :, top : top + size, left : left + size]
        out[index] = image.flip(2) if flip else image
    return out


def train(images: ImageSet, epochs: int = EPOCHS, seed: int = 0) -> ResNet9:
    """SGD with Nesterov momentum, a learning rate that rises for a fifth of the time and falls to zero."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    net = ResNet9()
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in PyTorch's own types
    x, labels = tensors(images)
    batches = len(x) // BATCH
    weights = [parameter for parameter in net.parameters() if parameter.dim() > 1]
    optimiser = torch.optim.SGD(net.parameters(), LEARNING_RATE, MOMENTUM, nesterov=True, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 10 * LEARNING_RATE, epochs * batches, pct_start=0.2)
    loss_of = nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING)
    net.train()
    for _ in track(range(epochs), "epochs"):
        for batch in torch.randperm(len(x), generator=generator)[: batches * BATCH].view(-1, BATCH):
            clean = [weight.detach().clone() for weight in weights]
            with torch.no_grad():
                for weight in weights:
                    largest = weight.abs().flatten(1).amax(1).view(-1, *[1] * (weight.dim() - 1))
                    weight.add_(WEIGHT_NOISE * largest * torch.randn(weight.shape, generator=generator))
            with torch.autocast("cpu", torch.bfloat16):
                loss = loss_of(net(augment(x[batch], generator)), labels[batch])
            optimiser.zero_grad()
            loss.backward()
            with torch.no_grad():
                for weight, value in zip(weights, clean, strict=True):
                    weight.copy_(value)
            optimiser.step()
            schedule.step()
    return net.eval()


@torch.no_grad()
def accuracy(net: nn.Module, images: ImageSet) -> float:
    """The share of images whose largest logit is the label's."""
    x, labels = tensors(images)
    answers = torch.cat([net(x[start : start + BATCH]).argmax(1) for start in range(0, len(x), BATCH)])
    return float((answers == labels).double().mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    arguments = parser.parse_args()
    net = train(cifar10(arguments.data, "train"), arguments.epochs).half().float()
    state = {name: value.numpy() for name, value in net.state_dict().items() if value.dim()}
    np.savez_compressed(WEIGHTS_FILE, allow_pickle=False, **{name: a.astype(np.float16) for name, a in state.items()})
    test = cifar10(arguments.data, "test")
    print(f"{accuracy(net, test):.2%} of the {len(test.labels):,} images of {test.source}")
    print(f"{WEIGHTS_FILE.name}: {WEIGHTS_FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
