"""DeepMind's Evoformer iteration under `jax.jit`, at one size, in a process that runs it on demand.

    python alphafold.py subbatchN SEQUENCES RESIDUES THREADS

ALPHAFOLD_SRC names a checkout of DeepMind's AlphaFold.
"""
import os
import sys

from common import arguments, main, serve, use_threads


def work():
    variant, sequences, residues, threads = arguments("variant", "sequences", "residues", "threads")
    name, subbatch = variant[:8], variant[8:]
    if name != "subbatch" or not subbatch.isdigit():
        raise ValueError(f"there is no variant {variant}: expected subbatch and a number")
    sequences, residues = int(sequences), int(residues)
    use_threads(int(threads))
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    sys.path.insert(0, os.environ["ALPHAFOLD_SRC"])
    import haiku
    import jax
    import numpy
    from alphafold.model import config, modules, prng

    model = config.model_config("model_1").model
    settings, shared = model.embeddings_and_evoformer.evoformer, model.global_config
    shared.subbatch_size, shared.deterministic = int(subbatch), True

    def iteration(m, z, msa_mask, pair_mask):
        block = modules.EvoformerIteration(settings, shared, is_extra_msa=False)
        state, masks = {"msa": m, "pair": z}, {"msa": msa_mask, "pair": pair_mask}
        out = block(state, masks, is_training=False, safe_key=prng.SafeKey(jax.random.PRNGKey(0)))
        return out["msa"], out["pair"]

    random = numpy.random.default_rng(0)
    normal = lambda *shape: random.standard_normal(shape, dtype=numpy.float32)  # noqa: E731

    def make(s=sequences, r=residues):
        mask = lambda *shape: (random.random(shape) > 0.1).astype(numpy.float32)  # noqa: E731
        made = normal(s, r, 256), normal(r, r, 128), mask(s, r), mask(r, r)
        return jax.block_until_ready([jax.numpy.asarray(tensor) for tensor in made])

    block = haiku.transform(iteration)
    parameters = block.init(jax.random.PRNGKey(0), *make(3, 5))
    # Final layers begin at zero, as no trained model has them.
    scaled = lambda tensor: jax.numpy.asarray(normal(*tensor.shape) / max(1, tensor.shape[0]) ** 0.5)  # noqa: E731
    parameters = jax.tree_util.tree_map(scaled, parameters)
    compiled = jax.jit(lambda *inputs: block.apply(parameters, None, *inputs)).lower(*make()).compile()
    serve(f"jax {jax.__version__}", make, lambda inputs: jax.block_until_ready(compiled(*inputs)))


main(work)
