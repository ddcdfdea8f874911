"""A CUDA GPU that is none: tensors that are on the CPU but say "cuda", and refuse what tensors on a GPU refuse.

It works above torch's dispatcher, on the functions and methods of torch that Python calls. Tensors made for "cuda" or moved
there are `OnGpu`: the values are real, so that sampling, which looks at them, runs to its end. What is refused:

- `.numpy()` and numpy's functions on a tensor of the GPU
- a function of tensors on both devices, but for host scalars, and host indices into a tensor of the GPU
- random numbers drawn on a device by a generator of the other
- a recurrent network's forward pass with gradients in eval mode, whose backward pass cuDNN refuses
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

GPU = torch.device("cuda", 0)
_HostGenerator = torch.Generator  # the true class, before it is replaced
_INDEXING = {Tensor.__getitem__, Tensor.__setitem__}
_TO_THE_HOST = {Tensor.numpy, Tensor.__array__}
_HOST_VALUES = {Tensor.item, Tensor.tolist, Tensor.__bool__, Tensor.__int__, Tensor.__float__, Tensor.__index__}


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

    def __new__(cls, *_: object) -> "GpuGenerator":
        return super().__new__(cls)

    @property
    def device(self) -> torch.device:
        return GPU


class _Generator(_HostGenerator):
    """In place of `torch.Generator`: makes a generator of the device that is named."""

    def __new__(cls, device: Any = "cpu") -> Any:
        return GpuGenerator() if torch.device(device).type == "cuda" else _HostGenerator()


def moved(value: Any, *, gpu: bool) -> Any:
    """A tensor with the mark of its device; anything else as it is."""
    if not isinstance(value, Tensor) or isinstance(value, OnGpu) == gpu:
        return value
    with torch._C.DisableTorchFunction():
        return value.as_subclass(OnGpu if gpu else Tensor)


class _FakeGpu(TorchFunctionMode):
    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        here = any(isinstance(tensor, OnGpu) for tensor in tensors)
        name = getattr(func, "__name__", str(func))
        if func == Tensor.device.__get__:  # type: ignore[attr-defined]
            return GPU if here else torch.device("cpu")
        if func == Tensor.is_cuda.__get__:  # type: ignore[attr-defined]
            return here
        if here and func in _TO_THE_HOST:
            raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first")
        if name in {"_parse_to", "device"}:  # nn.Module.to and torch.device read a device's name and make no tensor
            return func(*args, **kwargs)
        args, kwargs, wanted = _without_device(func, args, kwargs)
        if name not in {"to", "cpu", "cuda", "_has_compatible_shallow_copy_type", "copy_", "type_as", "__set__"}:
            _refuse_mixing(func, name, args, tensors, here)
        gpu = here if wanted is None else wanted
        generator = kwargs.get("generator")
        if generator is not None and isinstance(generator, GpuGenerator) != gpu:
            raise RuntimeError(f"Expected a {'cuda' if gpu else 'cpu'!r} device type for generator ({name})")
        with torch._C.DisableTorchFunction():
            result = func(*args, **kwargs)
        if func in _HOST_VALUES or name in {"__get__", "grad"} and not isinstance(result, Tensor):
            return result
        if name in {"copy_", "__set__"}:
            gpu = here if not isinstance(args[0], Tensor) else isinstance(args[0], OnGpu)
        return tree_map(lambda leaf: moved(leaf, gpu=gpu), result)


def _without_device(func: Any, args: Any, kwargs: Any) -> tuple[Any, Any, bool | None]:
    """The arguments without those that say "cuda", and whether the result will be on the GPU; None if nothing is said."""
    wanted = None
    if func is Tensor.cpu:
        return args, kwargs, False
    if func is Tensor.cuda:
        return (args[0],), {}, True
    if func is Tensor.to and len(args) > 1 and isinstance(args[1], Tensor):
        return args, kwargs, isinstance(args[1], OnGpu)
    changed = []
    for value in args:
        if func is Tensor.to and isinstance(value, (torch.device, str)):
            wanted = torch.device(value).type == "cuda"
            changed.append(torch.device("cpu"))
        else:
            changed.append(value)
    if kwargs.get("device") is not None:
        wanted = torch.device(kwargs["device"]).type == "cuda"
        kwargs["device"] = torch.device("cpu")
    return tuple(changed), kwargs, wanted


def _refuse_mixing(func: Any, name: str, args: Any, tensors: list[Tensor], here: bool) -> None:  # noqa: FBT001
    if not here:
        return
    strangers = [tensor for tensor in tensors if not isinstance(tensor, OnGpu) and tensor.ndim]
    if func in _INDEXING and isinstance(args[0], OnGpu):  # host indices are taken, host values are not
        values = [args[2]] if func is Tensor.__setitem__ else []
        strangers = [value for value in values if isinstance(value, Tensor) and value.ndim and not isinstance(value, OnGpu)]
    if strangers:
        raise RuntimeError(f"Expected all tensors to be on the same device, but found cuda:0 and cpu ({name})")


def _refuse_eval(module: nn.Module, *_: object) -> None:
    if isinstance(module, nn.RNNBase) and torch.is_grad_enabled() and not module.training:
        raise RuntimeError("cudnn RNN backward can only be called in training mode")


@contextmanager
def fake_gpu() -> Iterator[None]:
    """Let torch find one GPU, which is none, as long as the block lasts."""
    mine = GpuGenerator()
    before = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    hook = nn.modules.module.register_module_forward_pre_hook(_refuse_eval)
    changes = {
        "is_available": lambda: True, "device_count": lambda: 1, "current_device": lambda: 0, "init": lambda: None,
        "is_bf16_supported": lambda *_, **__: False, "default_generators": (mine,),
        "get_rng_state": lambda _=0: mine.get_state(), "set_rng_state": lambda state, _=0: mine.set_state(state),
        "manual_seed_all": mine.manual_seed,
    }  # fmt: skip
    try:
        with mock.patch.multiple(torch.cuda, **changes), mock.patch.object(torch, "Generator", _Generator):
            with mock.patch.object(torch.backends.cudnn, "is_acceptable", lambda _: False), _FakeGpu():
                yield
    finally:
        hook.remove()
        torch.__future__.set_overwrite_module_params_on_conversion(before)
