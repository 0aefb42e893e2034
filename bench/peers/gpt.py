"""GPT-2's block in PyTorch, causal, at one size, in a process that runs it on demand.

    python gpt.py sdpa POSITIONS THREADS
"""
from common import arguments, main, serve, use_threads

WIDTH, HEADS = 768, 12


def work():
    variant, positions, threads = arguments("variant", "positions", "threads")
    if variant != "sdpa":
        raise ValueError(f"there is no variant {variant}: there is sdpa")
    positions, threads = int(positions), int(threads)
    use_threads(threads)
    import torch
    from torch import nn
    from torch.nn import functional

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    torch.manual_seed(7)
    parts = nn.ModuleDict({
        "ln_1": nn.LayerNorm(WIDTH), "c_attn": nn.Linear(WIDTH, 3 * WIDTH), "c_proj": nn.Linear(WIDTH, WIDTH),
        "ln_2": nn.LayerNorm(WIDTH), "c_fc": nn.Linear(WIDTH, 4 * WIDTH), "mlp": nn.Linear(4 * WIDTH, WIDTH),
    }).eval()

    def attend(y):
        by_head = lambda t: t.unflatten(-1, (HEADS, WIDTH // HEADS)).transpose(1, 2)  # noqa: E731
        q, k, v = map(by_head, parts["c_attn"](y).split(WIDTH, -1))
        attended = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return parts["c_proj"](attended.transpose(1, 2).flatten(-2))

    def block(x):
        x = x + attend(parts["ln_1"](x))
        return x + parts["mlp"](functional.gelu(parts["c_fc"](parts["ln_2"](x))))

    make = lambda n=positions: torch.randn(1, n, WIDTH)  # noqa: E731
    # Loads kernels and starts threads.
    block(make(64))
    serve(f"torch {torch.__version__}", make, block)


main(work)
