"""How work is shared among threads, and cut into parts."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nnctl import cgroups, kernels, threads


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    before = threads.current()
    threads.set_threads(3)
    yield
    threads.set_threads(before)


def test_every_part_is_done_once() -> None:
    done: list[int] = []
    threads.share([lambda number=number: done.append(number) for number in range(100)])
    assert sorted(done) == list(range(100))


def test_the_threads_work_at_the_same_time() -> None:
    meeting = threading.Barrier(3, timeout=20)
    threads.share([meeting.wait] * 3)  # breaks where one thread does two parts


def test_what_a_part_raises_is_raised_and_the_next_work_goes_on() -> None:
    def fail() -> None:
        raise ValueError("part 2")

    with pytest.raises(ValueError, match="part 2"):
        threads.share([lambda: None, fail, lambda: None])
    done: list[int] = []
    threads.share([lambda: done.append(1)] * 5)
    assert len(done) == 5


def test_a_part_does_alone_what_it_would_share() -> None:
    seen: list[tuple[int, int]] = []

    def outer() -> None:
        me = threading.get_ident()
        threads.share([lambda: seen.append((me, threading.get_ident()))] * 4)

    threads.share([outer] * 3)
    assert len(seen) == 12
    assert all(outside == inside for outside, inside in seen)


def test_warnings_that_are_off_are_off_in_all_threads() -> None:
    meeting, zero = threading.Barrier(3, timeout=20), np.zeros(1)

    def divide() -> None:
        meeting.wait()
        np.divide(zero, zero)

    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("error")
        threads.share([divide] * 3)


def test_an_interrupt_waits_for_the_parts_under_way() -> None:
    begun, ended = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        time.sleep(0.2)
        ended.set()

    def interrupted() -> None:
        begun.wait(20)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        threads.share([interrupted, slow])
    assert ended.is_set()


def test_a_forked_process_starts_threads_of_its_own() -> None:
    threads.share([lambda: None] * 3)
    child = os.fork()
    if child == 0:
        meeting = threading.Barrier(3, timeout=20)
        try:
            threads.share([meeting.wait] * 3)
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


BLAS = """
import os, numpy, threadpoolctl
from nnctl import threads
def count(): return [library["num_threads"] for library in threadpoolctl.threadpool_info()]
before = count()
threads.set_threads(3)
with threads.computing():
    with threads.computing():
        pass
    inside = count()
assert inside == [1], inside
assert count() == before, count()
assert threads.current() == 3 and "NNCTL_THREADS" not in os.environ
"""


def test_products_have_one_thread_where_numpy_came_first() -> None:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", BLAS], check=True, env=environment)


def test_a_child_has_as_many_threads_as_its_parent() -> None:
    code = "from nnctl import threads; import sys, subprocess; threads.set_threads(int(sys.argv[1]) or None)\n"
    child = "from nnctl import threads; print(threads.set_threads())"
    start = f"subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    done = subprocess.run([sys.executable, "-c", code + start, "7"], check=True, capture_output=True, text=True)
    assert done.stdout == "7\n"


COUNT = "from nnctl import threads; print(threads.set_threads())"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_affinity_is_respected() -> None:
    """As `taskset -c 0 nnctl ...` sets it."""
    code = f"import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); {COUNT}"
    names = {threads.OWN, *threads.VARIABLES}
    environment = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    assert done.stdout == "1\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "max 100000"}, 99),
        ({"cpu.max": "150000 100000"}, 2),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 99),
        ({"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000"}, 3),
        ({"cpu.max": "no words"}, 99),
        ({}, 99),
    ],
    ids=str,
)
def test_quotas_of_a_batch_job_are_respected(
    files: dict[str, str], expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of both versions of cgroups; which of them this system has must not matter."""
    kind = "cpu" if any("/" in name for name in files) else ""
    monkeypatch.setattr(cgroups, "MOUNTED", tmp_path)
    monkeypatch.setattr(cgroups, "OWN", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(99))
    (tmp_path / "own").write_text(f"7:memory:/elsewhere\n0:{kind}:/job/step\n")
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{content}\n")
    assert threads.available() == expected


def test_the_smallest_quota_on_the_way_to_the_root_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "MOUNTED", tmp_path)
    monkeypatch.setattr(cgroups, "OWN", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(99))
    (tmp_path / "own").write_text("0::/job/step\n")
    for folder, quota in (("job/step", "max"), ("job", "400000"), (".", "800000")):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "cpu.max").write_text(f"{quota} 100000\n")
    assert threads.available() == 4


@pytest.mark.parametrize(("size", "count", "multiple"), [(0, 3, 1), (1, 3, 16), (47, 3, 16), (96, 2, 16), (97, 8, 1)])
def test_ranges_cover_everything_once(size: int, count: int, multiple: int) -> None:
    parts = threads.ranges(size, count, multiple)
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(size))
    assert len(parts) <= count
    assert all((part.stop - part.start) % multiple == 0 for part in parts[:-1])


@pytest.mark.parametrize("shape", [(64, 800, 513), (513, 800, 64)])
@pytest.mark.parametrize("turned", [False, True])
def test_a_product_in_parts_is_the_product(shape: tuple[int, int, int], turned: bool) -> None:
    m, k, n = shape
    random = np.random.default_rng(0)
    a, b = random.normal(size=(m, k)), random.normal(size=(n, k)).T
    if turned:
        a, b = np.asfortranarray(a), np.ascontiguousarray(b)
    assert threads.parts(m * k * n) == 3
    np.testing.assert_allclose(kernels.product(a, b), a @ b, rtol=1e-12, atol=1e-12)
    out = np.empty((m, 2 * n))[:, ::2] if turned else np.empty((m, n))
    assert kernels.product(a, b, out) is out
    np.testing.assert_allclose(out, a @ b, rtol=1e-12, atol=1e-12)


def test_deterministic_cuts_by_the_shapes_alone() -> None:
    for count in (1, 2, 8):
        threads.set_threads(count, deterministic=True)
        assert [threads.parts(size) for size in (10**6, 15_000_000, 10**9)] == [1, 2, 4]
    threads.set_threads(8)
    assert threads.parts(10**9) == 8


def test_loops_over_rows_give_the_same_bits_in_parts() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(1300, 700)).astype("f4")
    bits = random.integers(0, 65536, x.shape, dtype=np.uint16)
    found = []
    for count in (1, 3):
        threads.set_threads(count)
        dropped, dz, z = np.empty_like(x), np.empty_like(x), x.copy()
        kernels.drop(x, bits, 20000, 1.25, dropped)
        kernels.bias_relu(z, x[0])
        kernels.relu_gradient(z, dropped, dz)
        found.append((dropped, dz, z))
    for one, three in zip(*found, strict=True):
        np.testing.assert_array_equal(one, three)


@pytest.mark.parametrize("count", [1, 3])
def test_parts_are_carried_out_as_they_are_made(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "current", lambda: count)
    made, done = [], []
    aside = threading.Event()

    def making() -> Iterator[threads.Part]:
        yield aside.set
        if count > 1:
            assert aside.wait(10)  # another thread has done it while this one makes the next
        for number in range(50):
            made.append(number)
            yield lambda number=number: done.append(number)

    threads.share_as_made(making())
    assert made == sorted(done) == list(range(50))


@pytest.mark.parametrize("count", [1, 2])
def test_steps_follow_one_another_in_turn(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "current", lambda: count)
    first, then = [], []

    def follow(step: int) -> None:
        assert step in first
        then.append(step)

    threads.share_in_turn(range(20), first.append, follow)
    assert first == then == list(range(20))


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_while_parts_are_made_ends_all(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "current", lambda: count)

    def failing() -> Iterator[threads.Part]:
        yield lambda: None
        raise ValueError("no more")

    def stop(step: int) -> None:
        raise ValueError(f"no {step}")

    with pytest.raises(ValueError, match="no more"):
        threads.share_as_made(failing())
    with pytest.raises(ValueError, match="no 0"):
        threads.share_in_turn(range(3), stop, lambda step: None)
    with pytest.raises(ValueError, match="no 0"):
        threads.share_in_turn(range(3), lambda step: None, stop)
