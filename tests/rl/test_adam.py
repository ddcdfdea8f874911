"""Adam is torch's, to the bit, and what it remembers is saved as torch's."""

import torch

from chemmara.language_model.saved_state import optimizer_tensors, restore_optimizers
from chemmara.rl.adam import Adam

RATES = (0.01, 0.1)


def trained(kind: type, saved: int | None = None) -> tuple[list[torch.Tensor], dict[str, torch.Tensor]]:
    """Two groups of weights after six steps, the last of them without a gradient in the first step; saved and restored
    in another optimiser of the same kind before step `saved`.
    """
    generator = torch.Generator().manual_seed(2)
    weights = [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in ((4, 3), (5,), (2, 2))]

    def new() -> Adam | torch.optim.Adam:
        groups = [(weights[:2], RATES[0]), (weights[2:], RATES[1])]
        return (
            Adam(groups) if kind is Adam else torch.optim.Adam([{"params": some, "lr": rate} for some, rate in groups])
        )

    optimizer = new()
    for step in range(6):
        if step == saved:
            tensors = optimizer_tensors([optimizer])
            optimizer = new()
            restore_optimizers([optimizer], {name: tensor.clone() for name, tensor in tensors.items()})
        optimizer.zero_grad()
        for weight in weights if step else weights[:2]:
            weight.grad = torch.randn(weight.shape, generator=generator)
        optimizer.step()
    return [weight.detach() for weight in weights], optimizer_tensors([optimizer])


def test_weights_and_memory_are_torchs_to_the_bit() -> None:
    (weights, memory), (torchs, torchs_memory) = trained(Adam), trained(torch.optim.Adam)
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(weights, torchs, strict=True))
    assert memory.keys() == torchs_memory.keys()
    assert all(torch.equal(memory[name], torchs_memory[name]) for name in memory)


def test_the_first_step_is_the_rate_against_the_gradients_sign() -> None:
    # Both means start at 0 and are corrected for it: m / (sqrt(v) + eps) = g / (|g| + 1e-8), whatever the size of g
    weight = torch.nn.Parameter(torch.tensor([1.0, 1.0]))
    optimizer = Adam([([weight], 0.25)])
    weight.grad = torch.tensor([1000.0, -0.001])
    optimizer.step()
    torch.testing.assert_close(weight.detach(), torch.tensor([0.75, 1.25]))


def test_saved_and_restored_it_goes_on_to_the_bit() -> None:
    for step in (0, 1, 4):
        (weights, memory), (whole, whole_memory) = trained(Adam, saved=step), trained(Adam)
        assert all(torch.equal(a, b) for a, b in zip(weights, whole, strict=True))
        assert all(torch.equal(memory[name], whole_memory[name]) for name in whole_memory)
