"""The product of two squares by numpy's library, in a process that multiplies on demand.

    python product.py SIDE THREADS
"""
from common import arguments, main, serve, use_threads


def work():
    side, threads = (int(text) for text in arguments("side", "threads"))
    use_threads(threads)
    import numpy

    random = numpy.random.default_rng(0)
    a, b = (random.standard_normal((side, side), dtype=numpy.float32) for _ in range(2))
    into = numpy.empty((side, side), dtype=numpy.float32)
    library = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    serve(f"numpy {numpy.__version__} with {library}", lambda: None, lambda _: numpy.matmul(a, b, out=into))


main(work)
