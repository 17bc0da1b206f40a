"""Pictures made by code, for machines without network: shapes, types and options of MNIST and CIFAR.

They are never the real sets and never called so: what comes of them says `synthetic`. Each can be
learnt to a known figure, stated with it, so that a run tells whether training works.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar, Literal

import numpy as np

from nnctl.data import Array, Arrays, DataSource, Glance, Opened, Places
from nnctl.data.settings import DataSettings
from nnctl.fields import field
from nnctl.registry import register
from nnctl.rules import NonNegativeInt, PositiveInt

STEP = 4096  # pictures made at a time

# Digits of 5 x 7 points, a line a row: what stands in a column of bits is a row of the digit.
FONT = (
    "01110 10001 10011 10101 11001 10001 01110",
    "00100 01100 00100 00100 00100 00100 01110",
    "01110 10001 00001 00110 01000 10000 11111",
    "01110 10001 00001 00110 00001 10001 01110",
    "00010 00110 01010 10010 11111 00010 00010",
    "11111 10000 11110 00001 00001 10001 01110",
    "00110 01000 10000 11110 10001 10001 01110",
    "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110",
    "01110 10001 10001 01111 00001 00010 01100",
)


class SyntheticPictures(DataSource):
    """Rows of pictures drawn from a seed; the test rows have a stream of their own."""

    set_name: ClassVar[str]

    rows: PositiveInt = field(60_000, doc="Number of training rows.")
    test_rows: PositiveInt = field(10_000, doc="Number of test rows.")
    data_seed: NonNegativeInt = field(0, doc="Seed that the pictures are made from.")

    @property
    def shape(self) -> tuple[int, ...]:
        return (32, 32, 3)

    @property
    def classes(self) -> int:
        return 10

    def draw(self, y: Array, random: np.random.Generator) -> Array:
        """Return a picture of bytes for every class number."""
        raise NotImplementedError

    def glance(self, settings: DataSettings, places: Places) -> Glance | None:
        return Glance(self.shape, self.classes)

    def open(self, settings: DataSettings, places: Places, digest: Any) -> Opened:
        if digest is not None:
            digest.update(json.dumps([self.set_name, self.config()], sort_keys=True).encode())
        return Opened(self._part("train", self.rows, 0), self._part("test", self.test_rows, 1), [made_by_code(self)])

    def _part(self, name: str, rows: int, stream: int) -> Arrays:
        random = np.random.default_rng([self.data_seed, stream])
        y = random.integers(0, self.classes, rows).astype(np.uint8)
        x = np.empty((rows, *self.shape), np.uint8)
        for start in range(0, rows, STEP):
            x[start : start + STEP] = self.draw(y[start : start + STEP], random)
        labels = y[:, None] if len(self.shape) == 3 else y
        return Arrays(x, labels, f"{self.set_name} ({name})", tuple(range(self.classes)))


def made_by_code(source: Any) -> str:
    return f"{source.set_name}: made by code from seed {source.data_seed}, not real data"


@register("data source", aliases=("synthetic-mnist",))
class SyntheticMnist(SyntheticPictures):
    """Digits of a small font, moved, slanted, of uneven ink, in noise: in the form of MNIST, but synthetic.

    Known figure: 784 - 128 - 10 with Adam, batches of 32, reaches 95 % of the test rows in one epoch.
    Shapes  x (N, 28, 28) bytes 0 to 255  y (N,) digits
    Source  nnctl/data/synthetic.py
    """

    set_name = "synthetic-mnist"
    examples: ClassVar = ({}, {"rows": 100, "test_rows": 10})

    @property
    def shape(self) -> tuple[int, ...]:
        return (28, 28)

    def draw(self, y: Array, random: np.random.Generator) -> Array:
        forms = digit_forms()
        slant, down, right = (random.integers(0, count, len(y)) for count in forms.shape[1:4])
        ink = random.integers(40, 121, (len(y), 1, 1))
        noise = random.integers(0, 136, (len(y), *self.shape))
        return (forms[y, slant, down, right] * ink // 255 + noise).astype(np.uint8)


def digit_forms() -> Array:
    """Return every digit in 5 slants at 5 x 5 places: (10, 5, 5, 5, 28, 28), 0 to 255."""
    forms = np.zeros((10, 5, 5, 5, 28, 28), np.int32)
    for digit, lines in enumerate(FONT):
        points = np.array([[int(point) for point in line] for line in lines.split()])
        large = np.kron(points, np.full((3, 3), 255))  # 21 x 15
        for slant in range(5):
            page = np.zeros((28, 28), np.int32)
            for row, line in enumerate(large):
                start = 6 + (slant - 2) * (10 - row) // 10
                page[3 + row, start : start + 15] = line
            for down in range(5):
                for right in range(5):
                    forms[digit, slant, down, right] = np.roll(page, (down - 2, right - 2), (0, 1))
    return forms


class Gratings(SyntheticPictures):
    """Coloured waves in noise: direction, width and colour tell the class, the phase is random."""

    def waves(self, direction: Array, width: Array, colour: Array, random: np.random.Generator) -> Array:
        """Return pictures; direction in half turns, width in points, colour (N, 3) from -1 to 1."""
        angle = np.pi * direction[:, None, None]
        down, right = np.mgrid[0:32, 0:32]
        along = down * np.sin(angle) + right * np.cos(angle)
        phase = random.uniform(0, 2 * np.pi, (len(direction), 1, 1))
        wave = np.sin(2 * np.pi * along / width[:, None, None] + phase)
        picture = 128 + 70 * wave[..., None] * colour[:, None, None, :]
        picture += random.integers(-50, 51, picture.shape)
        return picture.astype(np.uint8)  # 128 - 70 - 50 is not below 0


@register("data source", aliases=("synthetic-cifar10",))
class SyntheticCifar10(Gratings):
    """Waves in ten directions, of any colour: in the form of CIFAR-10, but synthetic.

    Known figure: two convolutions (16 of 5 x 5 and 32 of 3 x 3, in strides of 2, then GlobalMaxPooling2D) with Adam
    reach 92 % of the test rows in two epochs of 10,000 rows.
    Shapes  x (N, 32, 32, 3) bytes 0 to 255  y (N, 1) 0 to 9
    Source  nnctl/data/synthetic.py
    """

    set_name = "synthetic-cifar10"
    examples: ClassVar = ({}, {"rows": 100, "test_rows": 10})

    rows: PositiveInt = field(50_000, doc="Number of training rows.")

    def draw(self, y: Array, random: np.random.Generator) -> Array:
        direction = (y + random.uniform(-0.2, 0.2, len(y))) / 10
        return self.waves(direction, random.uniform(5, 8, len(y)), random.uniform(-1, 1, (len(y), 3)), random)


@register("data source", aliases=("synthetic-cifar100",))
class SyntheticCifar100(Gratings):
    """Waves in ten directions, of two widths and five colours: in the form of CIFAR-100, but synthetic.

    Known figure: the net told of at SyntheticCifar10 reaches 99 % of the coarse labels in three epochs of 20,000 rows.
    Shapes  x (N, 32, 32, 3) bytes 0 to 255  y (N, 1) 0 to 99 (coarse: 0 to 19)
    Source  nnctl/data/synthetic.py
    """

    set_name = "synthetic-cifar100"
    examples: ClassVar = ({}, {"rows": 100, "test_rows": 10, "label_mode": "coarse"})

    rows: PositiveInt = field(50_000, doc="Number of training rows.")
    label_mode: Literal["fine", "coarse"] = field("fine", doc="100 classes, or the 20 groups of 5 that they are in.")

    @property
    def classes(self) -> int:
        return 100 if self.label_mode == "fine" else 20

    def draw(self, y: Array, random: np.random.Generator) -> Array:
        fine = y if self.label_mode == "fine" else y * 5 + random.integers(0, 5, len(y))
        group, kind = fine // 5, fine % 5
        hue = 2 * np.pi * (kind[:, None] / 5 + np.arange(3) / 3)
        width = np.where(group < 10, 4.0, 8.0) * random.uniform(0.9, 1.1, len(y))
        return self.waves((group % 10 + random.uniform(-0.2, 0.2, len(y))) / 10, width, np.cos(hue), random)
