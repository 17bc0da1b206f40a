"""What a spec may say about one column, and what that comes to together with the section's defaults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import MinLen

from nnctl.fields import Thing, field
from nnctl.rules import PositiveInt, Words

Step = Literal["standard", "minmax", "robust", "log1p"]
Steps = Annotated[tuple[Step, ...], MinLen(1)]
STEPS = "standard, minmax, robust, log1p, or a list of them, such as [log1p, standard]"
ColumnScale = Annotated[Literal["none"] | Step | Steps, Words(f"none, {STEPS}")]
Scale = Annotated[Literal["none", "l2"] | Step | Steps, Words(f"none, l2, {STEPS}")]
Missing = Literal["error", "drop", "mean", "median", "most_frequent", "constant"] | float
Value = str | float | int
Bounds = tuple[float | None, float | None]
Type = Literal["numeric", "categorical", "text", "date"]
Part = Literal["year", "month", "day", "weekday", "yearday", "hour", "minute", "second", "timestamp"]

# Which fields say anything about which type of column; `missing`, `fill` and `strip` stand apart.
FIELDS: dict[str, tuple[str, ...]] = {
    "numeric": ("scale", "clip", "indicator"),
    "categorical": ("encode", "unknown", "min_count"),
    "text": ("encode", "lower", "punctuation", "max_words", "length"),
    "date": ("scale", "format", "parts"),
}
ENCODINGS = {"categorical": ("one_hot", "index"), "text": ("sequence", "multi_hot", "tfidf")}


class ColumnSettings(Thing):
    """What is special about one column."""

    type: Type | None = field(None, doc="What the cells are; default: inferred, numeric or categorical.")
    scale: ColumnScale | None = field(None, doc="How numbers are scaled; default: the section's `scale`.")
    clip: Bounds | None = field(None, doc="Bounds that numbers are cut to before they are scaled; null for no bound.")
    missing: Missing | None = field(None, doc="What to do with missing cells; default: the section's `missing`.")
    fill: Value | None = field(None, doc="The value of a missing cell where `missing` is constant.")
    indicator: bool | None = field(
        None, doc="Add a column that is 1 where the cell is missing; default: the section's `indicator`."
    )
    encode: Literal["one_hot", "index", "sequence", "multi_hot", "tfidf"] | None = field(
        None,
        doc="Categories as one_hot columns or as the index for an Embedding; text as a sequence of word indices "
        "(0 for none, 1 for an unknown word), multi_hot or tfidf, as keras.layers.TextVectorization; default: the "
        "section's `encode`, multi_hot for text.",
    )
    unknown: Literal["error", "bucket"] | None = field(
        None, doc="What to do with a category that training has not seen; default: the section's `unknown`."
    )
    min_count: PositiveInt | None = field(
        None, doc="Categories with fewer training rows go into the bucket; default: the section's `min_count`."
    )
    strip: str | None = field(None, doc="Characters to remove from both ends of the cells, of labels too.")
    lower: bool | None = field(None, doc="Make text lower case; default: true.")
    punctuation: bool | None = field(None, doc="Keep punctuation within text; default: false.")
    max_words: PositiveInt | None = field(None, doc="Words of text that are known, the most frequent; default: all.")
    length: PositiveInt | None = field(None, doc="Words of a sequence; longer text is cut, shorter gets zeros behind.")
    format: str | None = field(None, doc="How dates are written, as in Python's strptime; default: %Y-%m-%d.")
    parts: Annotated[tuple[Part, ...], MinLen(1)] | None = field(
        None, doc="Numbers made of a date; timestamp is days since 1970; default: year, month and day."
    )

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if self.type is not None:
            own = FIELDS[self.type]
            for name in dict.fromkeys(name for names in FIELDS.values() for name in names):
                if name not in own and getattr(self, name) not in (None, "none", False):
                    kinds = " or ".join(kind for kind, names in FIELDS.items() if name in names)
                    yield name, f"is for {kinds} columns, this one is {self.type}"
            fits = ENCODINGS.get(self.type, ())
            if self.encode is not None and fits and self.encode not in fits:
                yield "encode", f"a {self.type} column is encoded as {' or '.join(fits)}, got {self.encode!r}"
            if self.type != "numeric" and self.missing in ("mean", "median"):
                yield "missing", f"a {self.type} column has no {self.missing}: use most_frequent, constant or drop"
        if self.encode in ENCODINGS["text"] and self.type is None:
            yield "encode", "words are counted in text columns: set type: text"
        if self.encode == "sequence" and self.length is None:
            yield "length", "encode: sequence needs the number of words of a row"
        if (self.missing == "constant") != (self.fill is not None):
            yield "fill", "missing: constant and fill belong together"
        if self.clip is not None:
            low, high = self.clip
            if low is not None and high is not None and low >= high:
                yield "clip", f"expected the lower bound first, got {low:g} and {high:g}"


@dataclass(frozen=True)
class ColumnRules:
    """The same with every default filled in; `fill` is the value of `missing: constant`."""

    type: str | None
    steps: tuple[str, ...]
    clip: Bounds
    missing: str
    fill: Value | None
    indicator: bool
    encode: str
    unknown: str
    min_count: int
    strip: str
    lower: bool
    punctuation: bool
    max_words: int | None
    length: int | None
    format: str
    parts: tuple[str, ...]

    @property
    def fills(self) -> bool:
        """Whether a missing cell gets a value."""
        return self.missing not in ("error", "drop")


def combined(own: ColumnSettings, section: Any) -> ColumnRules:
    """Put the section's defaults under what is said about a column."""

    def either(name: str, default: Any = None) -> Any:
        value = getattr(own, name)
        return value if value is not None else getattr(section, name, default)

    missing, scale = either("missing"), either("scale")
    constant = not isinstance(missing, str)
    steps = () if scale in ("none", "l2") else (scale,) if isinstance(scale, str) else scale
    encode = either("encode")
    return ColumnRules(
        type=own.type,
        steps=steps,
        clip=own.clip or (None, None),
        missing="constant" if constant else missing,
        fill=missing if constant else own.fill,
        indicator=either("indicator"),
        encode=encode if own.type != "text" or encode in ENCODINGS["text"] else "multi_hot",
        unknown=either("unknown"),
        min_count=either("min_count"),
        strip=own.strip or "",
        lower=own.lower is not False,
        punctuation=bool(own.punctuation),
        max_words=own.max_words,
        length=own.length,
        format=own.format or "%Y-%m-%d",
        parts=own.parts or ("year", "month", "day"),
    )
