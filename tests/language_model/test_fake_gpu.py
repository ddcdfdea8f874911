"""The GPU that is none refuses what a GPU refuses, and takes what a GPU takes."""

import numpy as np
import pytest
import torch
from fake_gpu import GPU, fake_gpu


def test_tensors_of_the_gpu_stay_there_until_they_are_moved() -> None:
    with fake_gpu():
        there = torch.arange(4, device="cuda")
        assert (there.device, there.is_cuda, there.cpu().is_cuda) == (GPU, True, False)
        made = [there + 1, there[1:], there.float(), there.new_zeros(2), torch.zeros_like(there), *there.split(2)]
        made += [torch.zeros(4).to(GPU), torch.zeros(4).to(there), torch.tensor([1], device="cuda")]
        assert {tensor.device for tensor in made} == {GPU}
        assert (there.sum().item(), there.tolist(), bool(there.any())) == (6, [0, 1, 2, 3], True)
        assert {tensor.device.type for tensor in (torch.zeros(2), there.cpu() + 1, there.to("cpu"))} == {"cpu"}


def test_a_module_and_its_gradients_move() -> None:
    with fake_gpu():
        module = torch.nn.Linear(2, 1).to("cuda")
        module(torch.ones(3, 2, device="cuda")).sum().backward()
        assert module.weight.device == module.weight.grad.device == GPU  # type: ignore[union-attr]
        assert isinstance(module.weight, torch.nn.Parameter)
        with pytest.raises(RuntimeError, match="same device"):
            module(torch.ones(3, 2))


@pytest.mark.parametrize("convert", [lambda x: x.numpy(), np.asarray, lambda x: x.detach().numpy(), np.exp])
def test_numpy_never_sees_the_gpu(convert: object) -> None:
    with fake_gpu(), pytest.raises(TypeError, match="can't convert cuda:0 device type tensor to numpy"):
        convert(torch.ones(3, device="cuda"))  # type: ignore[operator]


def test_devices_do_not_mix_but_for_scalars_and_indices() -> None:
    with fake_gpu():
        there, here = torch.ones(3, device="cuda"), torch.ones(3)
        for mix in (lambda: there + here, lambda: torch.cat([there, here]), lambda: torch.where(here > 0, there, 0.0),
                    lambda: here[there > 0], lambda: there.__setitem__(slice(0, 3), here)):  # fmt: skip
            with pytest.raises(RuntimeError, match="same device"):
                mix()
        assert (there + torch.tensor(2.0)).device == there[torch.tensor([0, 2])].device == GPU
        there[torch.tensor([0])] = 5.0
        assert there.tolist() == [5.0, 1.0, 1.0]
        here.copy_(there)
        assert here.numpy().tolist() == [5.0, 1.0, 1.0]


def test_a_generator_draws_on_its_own_device_alone() -> None:
    with fake_gpu():
        for device, other in (("cuda", "cpu"), ("cpu", "cuda")):
            weights = torch.ones(3, device=device)
            torch.multinomial(weights, 1, generator=torch.Generator(device))
            with pytest.raises(RuntimeError, match="device type for generator"):
                torch.multinomial(weights, 1, generator=torch.Generator(other))


def test_a_recurrent_network_in_eval_mode_takes_no_gradients() -> None:
    with fake_gpu():
        cells, inputs = torch.nn.GRU(2, 3).to("cuda").eval(), torch.ones(4, 1, 2, device="cuda")
        with torch.no_grad():
            cells(inputs)
        with pytest.raises(RuntimeError, match="cudnn RNN backward can only be called in training mode"):
            cells(inputs)
        cells.train()(inputs)[0].sum().backward()


def test_afterwards_torch_is_as_it_was() -> None:
    before = torch.Generator, torch.cuda.device_count(), torch.cuda.is_available()
    with fake_gpu():
        assert torch.cuda.is_available()
    assert (torch.Generator, torch.cuda.device_count(), torch.cuda.is_available()) == before
    assert torch.ones(2).numpy().tolist() == [1.0, 1.0]
