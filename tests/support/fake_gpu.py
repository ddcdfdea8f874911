"""A CUDA GPU that is none: tensors of the CPU that say "cuda", and refuse what tensors of a GPU refuse.

It works on the functions and methods of torch that Python calls. What is made for "cuda" or moved there is `OnGpu`;
its values are real, so that sampling, which looks at them, runs to its end. What is refused:

- `.numpy()` and numpy's functions on a tensor of the GPU
- a function of tensors of both devices, but for host scalars, and host indices into a tensor of the GPU
- random numbers drawn on a device by a generator of the other
- a recurrent network's forward pass with gradients in eval mode, whose backward pass cuDNN refuses

Kernels and their rounding are the CPU's: tests/gpu is for those.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self
from unittest import mock

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

GPU = torch.device("cuda", 0)
_HostGenerator = torch.Generator  # the true class, before it is replaced
_TO_NUMPY = {Tensor.numpy, Tensor.__array__}
_TO_PYTHON = {Tensor.item, Tensor.tolist, Tensor.__bool__, Tensor.__int__, Tensor.__float__, Tensor.__index__}
_MAY_MIX = {"to", "cpu", "copy_", "type_as", "__set__", "_has_compatible_shallow_copy_type"}  # they move, or compare


class OnGpu(Tensor):
    """A tensor that says it is on the GPU."""

    __torch_function__ = torch._C._disabled_torch_function_impl  # the mode below does it all

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if id(self) not in memo:
            copy = self.detach().clone().requires_grad_(self.requires_grad)
            if hasattr(self, "_is_param"):
                copy._is_param = True  # type: ignore[attr-defined]
            memo[id(self)] = copy
        return memo[id(self)]


class GpuGenerator(_HostGenerator):
    """A generator that says it is the GPU's."""

    def __new__(cls, *_: object) -> Self:
        return super().__new__(cls)

    @property
    def device(self) -> torch.device:
        return GPU


class _Generator(_HostGenerator):
    """In place of `torch.Generator`: makes a generator of the device that is named."""

    def __new__(cls, device: Any = "cpu") -> Any:
        return GpuGenerator() if torch.device(device).type == "cuda" else _HostGenerator()


class _FakeGpu(TorchFunctionMode):
    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs, name = dict(kwargs or {}), getattr(func, "__name__", "")
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        here = any(isinstance(tensor, OnGpu) for tensor in tensors)
        if name in {"_parse_to", "device"}:  # nn.Module.to and torch.device read a device's name and make no tensor
            return func(*args, **kwargs)
        if func == Tensor.device.__get__:  # type: ignore[attr-defined]
            return GPU if here else torch.device("cpu")
        if func == Tensor.is_cuda.__get__:  # type: ignore[attr-defined]
            return here
        if here and func in _TO_NUMPY:
            raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first")
        if here and name not in _MAY_MIX:
            _refuse_mixing(func, args, tensors)
        args, kwargs, destination = _without_device(func, args, kwargs)
        gpu = here if destination is None else destination
        if name in {"copy_", "__set__"}:  # into the first
            gpu = isinstance(args[0], OnGpu)
        generator = kwargs.get("generator")
        if generator is not None and isinstance(generator, GpuGenerator) != gpu:
            raise RuntimeError(f"Expected a {'cuda' if gpu else 'cpu'!r} device type for generator ({name})")
        with torch._C.DisableTorchFunction():
            result = func(*args, **kwargs)
        return result if func in _TO_PYTHON else tree_map(lambda leaf: _marked(leaf, gpu=gpu), result)


def _marked(value: Any, *, gpu: bool) -> Any:
    """A tensor with the mark of its device; anything else as it is."""
    if not isinstance(value, Tensor) or isinstance(value, OnGpu) == gpu:
        return value
    with torch._C.DisableTorchFunction():
        return value.as_subclass(OnGpu if gpu else Tensor)


def _without_device(func: Any, args: Any, kwargs: Any) -> tuple[Any, Any, bool | None]:
    """The arguments with the CPU in place of "cuda", and whether the GPU was named; None where no device was."""
    if func is Tensor.cpu:
        return args, kwargs, False
    if func is Tensor.to and args[1:] and isinstance(args[1], Tensor):
        return args, kwargs, isinstance(args[1], OnGpu)
    named = [value for value in args[1:2] if func is Tensor.to and isinstance(value, torch.device | str)]
    if named:
        args = (args[0], torch.device("cpu"), *args[2:])
    if kwargs.get("device") is not None:
        named = [kwargs["device"]]
        kwargs = kwargs | {"device": torch.device("cpu")}
    return args, kwargs, torch.device(named[0]).type == "cuda" if named else None


def _refuse_mixing(func: Any, args: Any, tensors: list[Tensor]) -> None:
    """What torch says where a tensor of the GPU meets one of the host that is no scalar."""
    if func in {Tensor.__getitem__, Tensor.__setitem__} and isinstance(args[0], OnGpu):  # indices may be the host's
        tensors = [value for value in args[2:] if isinstance(value, Tensor)]
    if any(tensor.ndim and not isinstance(tensor, OnGpu) for tensor in tensors):
        raise RuntimeError(f"Expected all tensors to be on the same device, but found cuda:0 and cpu ({func})")


def _refuse_eval(module: nn.Module, *_: object) -> None:
    if isinstance(module, nn.RNNBase) and torch.is_grad_enabled() and not module.training:
        raise RuntimeError("cudnn RNN backward can only be called in training mode")


@contextmanager
def fake_gpu() -> Iterator[None]:
    """Let torch find one GPU, which is none, as long as the block lasts."""
    source = GpuGenerator()
    cuda = {
        "is_available": lambda: True, "device_count": lambda: 1, "current_device": lambda: 0, "init": lambda: None,
        "is_bf16_supported": lambda **_: True, "default_generators": (source,), "manual_seed_all": source.manual_seed,
        "get_rng_state": lambda _=0: source.get_state(), "set_rng_state": lambda state, _=0: source.set_state(state),
    }  # fmt: skip
    before = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    hook = nn.modules.module.register_module_forward_pre_hook(_refuse_eval)
    try:
        with (
            mock.patch.multiple(torch.cuda, **cuda),
            mock.patch.object(torch, "Generator", _Generator),
            mock.patch.object(torch.backends.cudnn, "is_acceptable", return_value=False),
            _FakeGpu(),
        ):
            yield
    finally:
        hook.remove()
        torch.__future__.set_overwrite_module_params_on_conversion(before)
