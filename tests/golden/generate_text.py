"""Make text_vectorization.json: what keras.layers.TextVectorization makes of some texts.

python tests/golden/generate_text.py      (needs Keras 3 on TensorFlow)
"""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np

TRAIN = [
    "It's a dog, a good dog!",
    "The cat; the CAT and the dog...",
    "no words like these two-fold ones",
    "",
    "a  tab\tand a\nnewline",
    "1,5 and 1.5 and [brackets] {braces} under_score",
]
LATER = ["The dog saw a bird", "BIRD", "", "cat cat cat and the the"]
MODES = {"sequence": ("int", 5), "multi_hot": ("multi_hot", None), "tfidf": ("tf_idf", None)}


def told(mode: str, words: int | None) -> dict[str, object]:
    """Return the vocabulary and the rows for texts that were adapted to, and for others."""
    output, length = MODES[mode]
    marks = 2 if output == "int" else 1  # max_tokens counts the padding and the unknown word, too
    layer = keras.layers.TextVectorization(
        max_tokens=None if words is None else words + marks, output_mode=output, output_sequence_length=length
    )
    layer.adapt(TRAIN)
    rows = np.asarray(layer(np.array(TRAIN + LATER)))
    return {"words": [str(word) for word in layer.get_vocabulary()][marks:], "rows": rows.tolist()}


def main() -> None:
    cases = [{"encode": mode, "max_words": words, **told(mode, words)} for mode in MODES for words in (None, 4)]
    content = {"keras": keras.__version__, "train": TRAIN, "later": LATER, "cases": cases}
    path = Path(__file__).parent / "text_vectorization.json"
    path.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
