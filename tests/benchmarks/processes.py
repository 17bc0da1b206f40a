"""usage: processes.py [startup] [pima] [card] [predict] [evaluate] [memory] [options]

Prints a table in Markdown for each. Whole processes: seconds on the wall, seconds of all processors, peak
memory. nnctl and its peers run in turn, each in a process of its own; the figures are medians. README.md
says what is needed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from compare import BACKENDS, OURS
from measuring import Cost, Failed, add_peers, backends_of, machine, markdown, note, run, write_json

HERE = Path(__file__).parent
SPECS = HERE.parents[1] / "specs"
NNCTL = [sys.executable, "-m", "nnctl"]
IN_MEMORY = ("mlp", "cnn", "cifar", "rnn", "lstm", "imdb", "gru")
MEGABYTE = 1e6

CARD = """\
data: {source: card.csv, target: Class, scale: standard}
layers:
  - Dense: {units: 10, activation: tanh}
  - Dense: {units: 5, activation: tanh}
  - Dense: {units: 1, activation: sigmoid}
loss: binary_crossentropy
optimizer: Adam
metrics: [accuracy]
fit: {epochs: 20, batch_size: 2000}
"""


@dataclass
class Side:
    """One of the commands that a table compares."""

    command: Sequence[str | Path]
    environment: dict[str, str] = field(default_factory=dict)


Costs = dict[str, list[Cost]]


class Benchmarks:
    """The tables of this script, one a method."""

    def __init__(self, given: argparse.Namespace, folder: Path) -> None:
        self.given, self.folder = given, folder
        self.keras = {name: python for name, python in given.backends.items() if name.startswith("keras-")}
        self.everything: dict[str, dict[str, list[dict[str, float]]]] = {}

    def startup(self) -> str:
        """Return what it takes to begin, and what the frameworks take to import themselves."""
        sides = {f"nnctl {option}": Side([*NNCTL, option]) for option in ("--help", "--version")}
        sides["nnctl check specs/digits.yaml"] = Side([*NNCTL, "check", SPECS / "digits.yaml"])
        if "torch" in self.given.backends:
            sides["import torch"] = Side([self.given.backends["torch"], "-c", "import torch"])
        for name, python in self.keras.items():
            sides[f"import keras ({name})"] = Side([python, "-c", "import keras"], _backend(name))
        return self.table("startup", sides, max(self.given.rounds, 5))

    def pima(self) -> str:
        """Return the cost of 150 epochs on the Pima table: read, train, test, save."""
        self.make("pima", "pima-indians-diabetes.data.csv")
        train = [*NNCTL, "train", SPECS / "pima.yaml", "--data-dir", self.folder, "--out", "pima", "--overwrite", "-q"]
        return self.table("pima", {"nnctl": Side(train), **self.with_keras("pima", "pima-indians-diabetes.data.csv")})

    def card(self) -> str:
        """Return the cost of the credit-card table: read, fit, save."""
        self.train_card_spec()
        train = [*NNCTL, "train", "card.yaml", "--out", "card", "--overwrite", "-q"]
        return self.table("card", {"nnctl": Side(train), **self.with_keras("card", "card.csv")})

    def predict(self) -> str:
        """Return the cost of predictions for a million rows, beside pandas' reading and writing the same tables."""
        self.card_model()
        self.make("rows", "rows.csv")
        predict = [*NNCTL, "predict", "card", "rows.csv", "-o", "predictions.csv", "-q"]
        note("predict: once, to see which columns there are")
        run(predict, self.given.threads, self.folder)
        with (self.folder / "predictions.csv").open() as file:
            columns = file.readline().strip().split(",")
        pandas = [sys.executable, HERE / "peers_tables.py", "pandas", "rows.csv", "pandas.csv", *columns]
        return self.table("predict", {"nnctl": Side(predict), "pandas, read and write alone": Side(pandas)})

    def evaluate(self) -> str:
        """Return the cost of judging a model by a million rows, beside pandas' reading of them."""
        self.card_model()
        self.make("judged", "judged.csv")
        evaluate = [*NNCTL, "evaluate", "card", "judged.csv", "--json", "-q"]
        pandas = [sys.executable, HERE / "peers_tables.py", "read", "judged.csv"]
        return self.table("evaluate", {"nnctl": Side(evaluate), "pandas, read alone": Side(pandas)})

    def memory(self) -> str:
        """Return the peak memory of training, in MB, workload by workload."""
        rows, backends, ours = [], self.given.backends, list(OURS.values())
        for workload in IN_MEMORY:
            steps = [sys.executable, HERE / "steps.py", workload]
            sides = {name: Side(steps, {"NNCTL_KERNELS": kernels}) for kernels, name in OURS.items()}
            sides |= {name: Side([python, self.given.peers, name, workload]) for name, python in backends.items()}
            costs = self.costs(f"memory, {workload}", sides, 1)
            peaks = {name: median(cost.peak for cost in taken) / MEGABYTE for name, taken in costs.items()}
            best = min((peaks[name] for name in backends if name in peaks), default=None)
            cells = [f"{peaks[name]:,.0f}" if name in peaks else "-" for name in sides]
            ratios = [f"{peaks[name] / best:.2f}" if best and name in peaks else "-" for name in ours if backends]
            rows.append([workload, *cells, *ratios])
        return markdown(["workload", *ours, *backends, *(f"{name} / best peer" for name in ours if backends)], rows)

    # --- the parts of a table ---------------------------------------------------------------------

    def table(self, title: str, sides: dict[str, Side], rounds: int | None = None) -> str:
        """Run the sides in turn; return their medians, and times and peaks as multiples of the first side's."""
        costs = self.costs(title, sides, rounds or self.given.rounds)
        rows, first = [], None
        for name, taken in costs.items():
            wall, cpu, peak = (median(getattr(cost, part) for cost in taken) for part in ("wall", "cpu", "peak"))
            first = first or (wall, peak)
            multiples = [f"{wall / first[0]:.2f}", f"{peak / first[1]:.2f}"]
            rows.append([name, f"{wall:.2f}", f"{cpu:.2f}", f"{peak / MEGABYTE:,.0f}", *multiples])
        return markdown(["process", "seconds", "of processors", "peak MB", "time / first", "peak / first"], rows)

    def costs(self, title: str, sides: dict[str, Side], rounds: int) -> Costs:
        """Run the sides in turn, round after round; a side that fails is left out and named."""
        costs: Costs = {name: [] for name in sides}
        for number in range(rounds):
            for name, side in sides.items():
                if name not in costs:
                    continue
                try:
                    costs[name].append(run(side.command, self.given.threads, self.folder, **side.environment))
                except Failed as error:
                    del costs[name]
                    note(f"{title}, {name} is left out: {error}")
            note(f"{title}: round {number + 1} of {rounds}")
        self.everything[title] = {
            name: [{"wall": cost.wall, "cpu": cost.cpu, "peak": cost.peak} for cost in taken]
            for name, taken in costs.items()
        }
        return costs

    def with_keras(self, what: str, table: str) -> dict[str, Side]:
        script = HERE / "peers_tables.py"
        return {
            f"pandas and {name}": Side([python, script, what, table, f"{what}-{name}.keras"], _backend(name))
            for name, python in self.keras.items()
        }

    def train_card_spec(self) -> None:
        self.make("card", "card.csv")
        (self.folder / "card.yaml").write_text(CARD)

    def card_model(self) -> None:
        """Leave a model of the card table, of one epoch where there is none yet."""
        self.train_card_spec()
        if not (self.folder / "card" / "model.h5").exists():
            run([*NNCTL, "train", "card.yaml", "--out", "card", "--overwrite", "--epochs", "1", "-q"], cwd=self.folder)

    def make(self, what: str, name: str) -> None:
        """Write a table, in another process: this one stays small."""
        if not (self.folder / name).exists():
            note(f"making {name}")
            run([sys.executable, HERE / "make_tables.py", what, self.folder / name])


TABLES: dict[str, Callable[[Benchmarks], str]] = {
    made.__name__: made
    for made in (
        Benchmarks.startup,
        Benchmarks.pima,
        Benchmarks.card,
        Benchmarks.predict,
        Benchmarks.evaluate,
        Benchmarks.memory,
    )
}


def _backend(name: str) -> dict[str, str]:
    return {"KERAS_BACKEND": name.removeprefix("keras-")}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("tables", nargs="*", metavar="TABLE", help=f"some of: {' '.join(TABLES)}")
    add_peers(parser, BACKENDS)
    add("--rounds", type=int, default=3, help="runs of each side (default: 3)")
    add("--threads", type=int, help="threads and processors of all sides; by default each side's own choice")
    add("--folder", type=Path, help="where the tables (800 MB) are made and kept; default: a temporary one")
    add("--json", type=Path, metavar="FILE", help="where every single figure goes")
    given = parser.parse_args()
    given.tables = given.tables or list(TABLES)
    if unknown := set(given.tables) - {*TABLES}:
        parser.error(f"no such table: {', '.join(sorted(unknown))}; there are {', '.join(TABLES)}")
    given.backends = backends_of(given, parser)
    if given.backends and "memory" in given.tables and given.peers is None:
        parser.error("memory needs --peers: the script that runs the backends")
    return given


@contextmanager
def folder_of(given: argparse.Namespace) -> Iterator[Path]:
    if given.folder is None:
        with tempfile.TemporaryDirectory() as made:
            yield Path(made)
    else:
        given.folder.mkdir(parents=True, exist_ok=True)
        yield given.folder.resolve()


def main() -> None:
    given = options()
    about = machine(*given.backends.values())
    with folder_of(given) as folder:
        benchmarks = Benchmarks(given, folder)
        for name in given.tables:
            made = TABLES[name](benchmarks)
            print(f"{name}: {(TABLES[name].__doc__ or '').removeprefix('Return ')}\n\n{made}\n", flush=True)
    print(about)
    write_json(given.json, {"about": about, "threads": given.threads, "costs": benchmarks.everything})


if __name__ == "__main__":
    main()
