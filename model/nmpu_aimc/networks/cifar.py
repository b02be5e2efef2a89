"""CIFAR-10 and CIFAR-100 as they can be had: the originals, or folders of images in a zip.

Nothing is downloaded: the folder holds what the user put there. First match counts:

    cifar-10-python.tar.gz, cifar-100-python.tar.gz    the originals, from https://www.cs.toronto.edu/~kriz/cifar.html
    cifar10_jpeg_train.zip, cifar10_jpeg_test.zip      the CIFAR-10 images re-encoded as JPEG of quality 75
    cifar100_trainsplit_500.zip                        500 lossless CIFAR-100 images of the *training* split
"""

import hashlib
import io
import pickle
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nmpu_spec.errors import InputError

SIZE = 32
CLASSES_10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_ORIGINALS = {
    "cifar10": ("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a"),
    "cifar100": ("cifar-100-python.tar.gz", "eb9058c3a382ffc7106e4002c42a8d85"),
}
"""File and MD5, both as the data sets' page gives them."""


@dataclass(frozen=True)
class ImageSet:
    """pixels uint8 (images, 32, 32, 3); labels int64 (images,); `source` says which images they are, for tables."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    source: str

    def first(self, count: int | None) -> "ImageSet":
        return ImageSet(self.pixels[:count], self.labels[:count], self.source)


def cifar10(folder: Path, split: str, count: int | None = None) -> ImageSet:
    """The first `count` images (default: all) of the `split` "train" or "test" of CIFAR-10.

    Raises `InputError` where `folder` has neither form of it.
    """
    archive, md5 = _ORIGINALS["cifar10"]
    if (folder / archive).exists():
        wanted = ["test_batch"] if split == "test" else [f"data_batch_{part}" for part in range(1, 6)]
        return _batches(folder / archive, md5, wanted, "labels", f"CIFAR-10 {split}").first(count)
    images = folder / f"cifar10_jpeg_{split}.zip"
    if images.exists():
        return _folders(images, count, f"CIFAR-10 {split}, JPEG q75")
    raise InputError(f"{folder}: no {archive} and no {images.name}; download the first from the CIFAR page, or --data")


def cifar100(folder: Path, split: str, count: int | None = None) -> ImageSet:
    """The same of CIFAR-100; where only the 500 training images are there, both splits are these.

    Raises `InputError` where `folder` has neither.
    """
    archive, md5 = _ORIGINALS["cifar100"]
    if (folder / archive).exists():
        return _batches(folder / archive, md5, [split], "fine_labels", f"CIFAR-100 {split}").first(count)
    images = folder / "cifar100_trainsplit_500.zip"
    if images.exists():
        return _labelled(images, count, "CIFAR-100, 500 images of the training split")
    raise InputError(f"{folder}: no {archive} and no {images.name}; download the first from the CIFAR page, or --data")


def _batches(path: Path, md5: str, wanted: list[str], key: str, source: str) -> ImageSet:
    # The archive holds pickles: only the file that the data set's page describes is opened.
    if hashlib.md5(path.read_bytes()).hexdigest() != md5:
        raise InputError(f"{path}: is not the file of the CIFAR page (MD5 {md5}); download it again")
    pixels, labels = [], []
    with tarfile.open(path) as archive:
        members = {Path(name).name: name for name in archive.getnames()}
        for name in wanted:
            file = archive.extractfile(members[name])
            assert file is not None
            batch = pickle.loads(file.read(), encoding="latin1")
            pixels.append(batch["data"].reshape(-1, 3, SIZE, SIZE).transpose(0, 2, 3, 1))
            labels += batch[key]
    return ImageSet(np.concatenate(pixels), np.array(labels, np.int64), source)


def _folders(path: Path, count: int | None, source: str) -> ImageSet:
    """``<split>/<class>/<number>.jpg``, the classes taken in turn, so that the first k images have all of them."""
    with zipfile.ZipFile(path) as archive:
        names = [Path(name) for name in archive.namelist() if name.endswith(".jpg")]
        names.sort(key=lambda name: (name.name, name.parent.name))
        pixels = np.stack(list(_decoded(archive, names[:count])))
    labels = np.array([CLASSES_10.index(name.parent.name) for name in names[:count]], np.int64)
    return ImageSet(pixels, labels, source)


def _labelled(path: Path, count: int | None, source: str) -> ImageSet:
    """``.../<label>_<k>.png``, in the order of k."""
    with zipfile.ZipFile(path) as archive:
        names = [Path(name) for name in archive.namelist() if name.endswith(".png")]
        names.sort(key=lambda name: tuple(int(part) for part in reversed(name.stem.split("_"))))
        pixels = np.stack(list(_decoded(archive, names[:count])))
    labels = np.array([int(name.stem.split("_")[0]) for name in names[:count]], np.int64)
    return ImageSet(pixels, labels, source)


def _decoded(archive: zipfile.ZipFile, names: list[Path]) -> Iterator[NDArray[np.uint8]]:
    for name in names:
        with Image.open(io.BytesIO(archive.read(name.as_posix()))) as image:
            yield np.asarray(image.convert("RGB"))
