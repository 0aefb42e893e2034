"""What the peers' scripts share: they load, run once and say so, then run once for each line of the standard input.

Every line printed is JSON: `{"ready": VERSIONS, "peak_mib": MIB}`, `{"seconds": SECONDS}` or `{"error": WHY}`.
"""
import gc
import json
import os
import sys
import threading
import time

PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = float(1 << 20)


def arguments(*names):
    """The command line as text by name."""
    given = sys.argv[1:]
    if len(given) != len(names):
        sys.exit("expected " + " ".join(name.upper() for name in names))
    return given


def use_threads(count):
    """As many processors as threads, whatever a library would take; called before libraries are imported."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(count)
    # A core type that somebody forced may be slower than what the library finds.
    os.environ.pop("OPENBLAS_CORETYPE", None)
    os.environ.pop("OPENBLAS_L2_SIZE", None)
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, allowed[:count])


def say(**fields):
    print(json.dumps(fields), flush=True)


def _resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * PAGE


def _high_water():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))


class Peak:
    """By how much the resident set grows inside, in MiB: the kernel's high-water mark, or samples where it is not reset."""

    def __enter__(self):
        gc.collect()
        try:
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")
            self.exact = True
        except OSError:
            self.exact = False
        self.before = self.most = _resident()
        self.inside = True
        self.sampler = threading.Thread(target=self._sample, daemon=True)
        self.sampler.start()
        return self

    def _sample(self):
        while self.inside:
            self.most = max(self.most, _resident())
            time.sleep(0.005)

    def __exit__(self, *_):
        self.inside = False
        self.sampler.join()
        if self.exact:
            self.most = max(self.most, _high_water())
        self.mib = (self.most - self.before) / MIB


def serve(versions, make, run):
    """Runs once, untimed, then for each line; `make` gives new inputs, since a run may update them in place."""
    inputs = make()
    with Peak() as peak:
        result = run(inputs)
    del inputs, result
    say(ready=versions, peak_mib=peak.mib)
    for _ in sys.stdin:
        inputs = make()
        start = time.perf_counter()
        result = run(inputs)
        seconds = time.perf_counter() - start
        del inputs, result
        say(seconds=seconds)


def main(work):
    """Runs a script's work; whatever ends it is one line."""
    try:
        work()
    except Exception as error:  # noqa: BLE001: whatever it is, the other side is told
        say(error=f"{type(error).__name__}: {error}")
