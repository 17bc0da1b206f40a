"""What is nnctl's own in a file: the group `nnctl`, a tree of plain values and arrays.

    nnctl/values       JSON of the tree, as bytes; an array in it is {"$array": "3", ...}
    nnctl/arrays/3     that array, contiguous, as plain numbers

The tree holds None, bool, int, float (NaN and infinities too), str, lists, mappings with text keys,
and NumPy arrays of numbers and booleans; all of them come back exactly. A tuple comes back as a list.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from nnctl.checkpoint.guard import Array, Group
from nnctl.checkpoint.strict_json import loads

FORMAT = "1"
MARK = "nnctl_format"  # attribute of the root: without the group beside it, something was lost
FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
ARRAY_KINDS = "fiub"
DTYPE = re.compile(r"[<>|](f[248]|[iu][1248]|b1)")


def write(root: Any, tree: Mapping[str, Any]) -> None:
    """Add the group `nnctl` to an open file."""
    arrays: list[Array] = []
    text = json.dumps(_packed(tree, arrays), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    root.attrs[MARK] = FORMAT
    group = root.create_group("nnctl")
    group.create_dataset("values", data=np.frombuffer(text.encode("utf-8"), np.uint8))
    folder = group.create_group("arrays")
    for i, values in enumerate(arrays):
        folder.create_dataset(str(i), data=values.view(np.uint8) if values.dtype.kind == "b" else values)


def is_own(root: Group) -> bool:
    """Whether nnctl wrote this file.

    Raises ModelFileError where it did and the file is not whole any more, or of a later format.
    """
    if not (root.source.sealed or root.has_attribute(MARK) or root.has("nnctl")):
        return False
    if not (root.source.sealed and root.has_attribute(MARK) and root.has("nnctl")):
        raise root.fail(
            "", "is not the file that nnctl wrote: truncated, or changed by another program; use another copy"
        )
    if (version := root.text(MARK)) != FORMAT:
        raise root.fail("", f"is of format {version[:20]!r}, this nnctl reads {FORMAT!r}; update nnctl")
    return True


def read(root: Group) -> dict[str, Any]:
    """Return the tree that `write` was given."""
    group = root.group("nnctl")
    try:
        text = group.raw_bytes("values").decode("utf-8")
    except UnicodeDecodeError:
        raise group.fail("values", "is not text in UTF-8") from None
    tree = _unpacked(loads(text, f"{root.source.path}: nnctl/values"), group)
    if not isinstance(tree, dict):
        raise group.fail("values", "expected a mapping")
    return tree


def _packed(value: Any, arrays: list[Array]) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": str(value)}
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in ARRAY_KINDS or value.dtype.itemsize > 8:
            raise TypeError(f"an array of {value.dtype} cannot be saved; only numbers and booleans can")
        arrays.append(np.ascontiguousarray(value).reshape(value.shape))
        return {"$array": str(len(arrays) - 1), "dtype": value.dtype.str, "shape": list(value.shape)}
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("only mappings with text as keys can be saved")
        # A user's own key that begins with $ gets one more.
        return {f"${k}" if k.startswith("$") else k: _packed(v, arrays) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_packed(item, arrays) for item in value]
    raise TypeError(f"a {type(value).__name__} cannot be saved; only plain values and arrays can")


def _unpacked(value: Any, group: Group) -> Any:
    if isinstance(value, list):
        return [_unpacked(item, group) for item in value]
    if not isinstance(value, dict):
        return value
    if "$float" in value:
        if (name := str(value["$float"])) not in FLOATS:
            raise group.fail("values", f"expected one of {', '.join(FLOATS)}, found {name[:20]!r}")
        return FLOATS[name]
    if "$array" in value:
        return _array(value, group)
    return {k[1:] if k.startswith("$") else k: _unpacked(v, group) for k, v in value.items()}


def _array(told: dict[str, Any], group: Group) -> Array:
    try:
        name, shape, code = str(told["$array"]), tuple(map(int, told["shape"])), str(told["dtype"])
    except (KeyError, TypeError, ValueError) as error:
        raise group.fail("values", f"an array is not described: {error}") from error
    if not DTYPE.fullmatch(code):
        raise group.fail(f"arrays/{name}", f"expected numbers, found {code[:20]!r}")
    dtype = np.dtype(code)
    if dtype.kind == "b":
        return group.array(f"arrays/{name}", shape, "u1").view(np.bool_)
    return group.array(f"arrays/{name}", shape, dtype)
