"""What was fitted on the training rows, as saved in a model: all it takes to read raw data again."""

from __future__ import annotations

from typing import Any

from nnctl.data.features import TableFeatures
from nnctl.data.images import ArrayFeatures
from nnctl.data.roles import Roles
from nnctl.data.settings import DataSettings
from nnctl.data.sources import with_options
from nnctl.data.split_settings import SequenceSettings
from nnctl.data.targets import Targets
from nnctl.errors import ModelFileError
from nnctl.fields import create

VERSION = 2
# What of DataSettings says how a file is read.
READING = (
    "header", "separator", "skip_blanks", "quote", "comment", "skip_rows",
    "decimal", "encoding", "missing_values", "x", "y",
)  # fmt: skip


class Preprocessing:
    """Fitted features and targets, and how files are read; `roles` is None where the data were arrays."""

    def __init__(
        self,
        features: TableFeatures | ArrayFeatures,
        targets: Targets | None,
        roles: Roles | None,
        reading: dict[str, Any],
        dtype: str,
        sequence: SequenceSettings | None = None,
    ) -> None:
        self.features, self.targets, self.roles = features, targets, roles
        self.reading, self.dtype, self.sequence = reading, dtype, sequence

    @property
    def input_shape(self) -> tuple[int, ...]:
        windows = () if self.sequence is None else (self.sequence.steps,)
        return (*windows, *self.features.input_shape)

    @property
    def largest(self) -> int | None:
        """The largest index that the columns can give, where all of them give indices."""
        return self.features.largest if isinstance(self.features, TableFeatures) else None

    @property
    def labels(self) -> list[Any] | None:
        """The classes as they stand in the data, in the order of the model's outputs; None for numbers."""
        return self.targets.labels if self.targets else None

    @property
    def form(self) -> str | None:
        """How targets are encoded: values, binary, index or one_hot."""
        return self.targets.form if self.targets else None

    @property
    def feature_names(self) -> list[str]:
        """The names of the columns of x; empty for images."""
        return self.features.names

    @property
    def target_names(self) -> list[str]:
        return self.targets.names if self.targets else []

    def settings(self, source: Any) -> DataSettings:
        """Return settings to read another source the way training did; a named set keeps its options."""
        reading = dict(self.reading)
        return DataSettings(source=with_options(source, reading.pop("named", None)), **reading)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, from which `from_dict` makes an equal object, to the last bit."""
        return {
            "version": VERSION,
            "dtype": self.dtype,
            "reading": self.reading,
            "features": self.features.to_dict(),
            "targets": self.targets.to_dict() if self.targets else None,
            "roles": self.roles.to_dict() if self.roles else None,
            "sequence": self.sequence.config() if self.sequence else None,
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Preprocessing:
        """Read what `to_dict` made; raise ModelFileError for anything else."""
        try:
            if saved["version"] != VERSION:
                remedy = "update nnctl" if saved["version"] > VERSION else "train the model again"
                raise ModelFileError(
                    f"preprocessing of version {saved['version']}, this nnctl knows {VERSION}; {remedy}"
                )
            form = {"table": TableFeatures, "arrays": ArrayFeatures}[saved["features"]["form"]]
            features = form.from_dict(saved["features"])  # type: ignore[attr-defined]
            targets = Targets.from_dict(saved["targets"]) if saved["targets"] else None
            roles = Roles(**saved["roles"]) if saved["roles"] else None
            sequence = SequenceSettings(**saved["sequence"]) if saved["sequence"] else None
            return cls(features, targets, roles, dict(saved["reading"]), saved["dtype"], sequence)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelFileError(
                f"the preprocessing saved in the model is damaged ({error!r}); use another copy"
            ) from error

    def describe(self) -> list[str]:
        """Return lines for people."""
        lines = self.features.describe()
        if named := self.reading.get("named"):
            lines.insert(0, f"read as {create('data source', named)!r}")
        if self.sequence:
            steps, horizon = self.sequence.steps, self.sequence.horizon
            lines.append(f"windows of {steps} rows, every {self.sequence.stride}, the target {horizon} rows on")
        if self.targets:
            labels = self.labels or []
            shown = ", ".join(map(str, labels[:10])) + (", ..." if len(labels) > 10 else "")
            classes = f", {len(labels)} classes: {shown}" if labels else ""
            strip = f", without {self.targets.strip!r} at the ends" if self.targets.strip else ""
            each = ", each yes or no" if self.targets.hard else ""
            lines.append(f"target {', '.join(self.targets.names)}: {self.targets.form}{each}{classes}{strip}")
        return lines


def reading_of(settings: DataSettings) -> dict[str, Any]:
    plain = settings.config()
    named = {"named": settings.source} if isinstance(settings.source, dict) else {}
    return {name: plain[name] for name in READING} | named
