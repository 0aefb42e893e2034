"""OpenFold's Evoformer block, one variant at one size, in a process that runs it on demand.

    python openfold.py VARIANT SEQUENCES RESIDUES THREADS

VARIANT is `eager` or `chunk4_inplace`. OPENFOLD_SRC names a checkout of OpenFold.
"""
import os
import sys
import types

from common import arguments, main, serve, use_threads

WAYS = {"eager": {}, "chunk4_inplace": {"chunk_size": 4, "inplace_safe": True}}


def softmax_of_the_extension():
    """OpenFold's in-place softmax is a CUDA extension: the same function for a processor."""
    import torch

    module = types.ModuleType("attn_core_inplace_cuda")

    def forward_(logits, _rows, _columns):
        logits.copy_(torch.softmax(logits, dim=-1))

    module.forward_ = forward_
    sys.modules.setdefault(module.__name__, module)


def work():
    variant, sequences, residues, threads = arguments("variant", "sequences", "residues", "threads")
    if variant not in WAYS:
        raise ValueError(f"there is no variant {variant}: there are {', '.join(WAYS)}")
    sequences, residues, threads = int(sequences), int(residues), int(threads)
    use_threads(threads)
    import importlib.util  # noqa: F401: OpenFold uses it without importing it

    import torch

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    softmax_of_the_extension()
    sys.path.insert(0, os.environ["OPENFOLD_SRC"])
    from openfold.model.evoformer import EvoformerBlock

    torch.manual_seed(7)
    block = EvoformerBlock(
        c_m=256, c_z=128, c_hidden_msa_att=32, c_hidden_opm=32, c_hidden_mul=128, c_hidden_pair_att=32,
        no_heads_msa=8, no_heads_pair=4, transition_n=4, msa_dropout=0.15, pair_dropout=0.25,
        no_column_attention=False, opm_first=False, fuse_projection_weights=False, inf=1e9, eps=1e-8,
    ).eval()
    for parameter in block.parameters():
        # Final layers begin at zero, as no trained model has them.
        parameter.normal_(std=0.1 if parameter.dim() == 1 else parameter.shape[-1] ** -0.5)

    def make(s=sequences, r=residues):
        mask = lambda *shape: (torch.rand(shape) > 0.1).float()  # noqa: E731
        return torch.randn(s, r, 256), torch.randn(r, r, 128), mask(s, r), mask(r, r)

    def run(inputs):
        m, z, msa_mask, pair_mask = inputs
        return block(m, z, msa_mask=msa_mask, pair_mask=pair_mask, _mask_trans=False, **WAYS[variant])

    # Loads kernels and starts threads.
    run(make(5, 9))
    serve(f"torch {torch.__version__}", make, run)


main(work)
