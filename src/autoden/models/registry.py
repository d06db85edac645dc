"""The table of networks: find one by its name or its class, and add one's own.

The networks that come with autoden are listed in `autoden.models.params`. Nothing here imports
torch before a class of networks is at hand.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import field, make_dataclass
from typing import TYPE_CHECKING, Any, TypeVar, overload

from autoden.checks import choice
from autoden.errors import InputError
from autoden.models.params import NETWORKS, NetworkParams

if TYPE_CHECKING:
    import torch

NetworkClass = TypeVar("NetworkClass", bound="type[torch.nn.Module]")

_RESERVED = ("network", "network_class", "get_model")  # what a record is besides its parameters


def names() -> str:
    """List the names of all networks, for a message."""
    return ", ".join(map(repr, NETWORKS))


def class_name(kind: type[NetworkParams]) -> str:
    """Return the name of the class of networks that a kind of parameters is for."""
    return kind.network.split(":")[1].rsplit(".", 1)[-1]


def find(name: str) -> type[NetworkParams]:
    """Return the kind of parameters of the network called `name`, as `describe` takes it."""
    by_class = {class_name(kind).lower(): kind for kind in NETWORKS.values()}
    kind = NETWORKS.get(name.lower(), by_class.get(name.lower()))
    if kind is None:
        raise InputError(
            f"There is no network called {name!r:.200}: choose one of {names()}; a network of your "
            "own is known once its class is defined below `@autoden.models.register`."
        )
    return kind


def describe(name: str, params: Mapping[str, Any]) -> NetworkParams:
    """Return the parameters of the network called `name`, some of them given.

    Parameters
    ----------
    name : str
        A name in `NETWORKS` or that of a network's class, in any case.
    params : mapping
        Parameters by name; those not given have their defaults.

    Raises
    ------
    InputError
        No such network or parameter, or a value that it cannot have.

    Examples
    --------
    >>> describe("UNet", {"n_levels": 2}).n_levels
    2
    """
    kind = find(name)
    known = list(inspect.signature(kind).parameters)
    for param in params:
        choice(f"a parameter of {name}", param, known)
    try:
        return kind(**params)
    except TypeError as error:  # a network of the user's may have parameters without default
        raise InputError(f"The parameters of {name} are {dict(params)!r}: {error}.") from error


def describe_network(network: torch.nn.Module) -> tuple[str, NetworkParams]:
    """Return the name and the parameters of a network.

    Raises
    ------
    InputError
        Its class is not in the table, or it does not know its parameters.
    """
    cls = type(network)
    for name, kind in NETWORKS.items():
        if kind.network == _path(cls) or kind.network_class() is cls:
            init_params = getattr(network, "init_params", None)
            if not isinstance(init_params, Mapping):
                raise InputError(
                    f"The network {cls.__name__} has no `init_params`: build it anew, after its "
                    "class was registered."
                )
            return name, describe(name, init_params)
    raise InputError(
        f"The network is a {cls.__name__}, which a file cannot name: choose one of {names()}, or "
        f"write `@autoden.models.register` above `class {cls.__name__}`."
    )


@overload
def register(network: NetworkClass, *, name: str | None = None) -> NetworkClass: ...


@overload
def register(*, name: str | None = None) -> Callable[[NetworkClass], NetworkClass]: ...


def register(network: Any = None, *, name: str | None = None) -> Any:
    """Make a class of networks known by name: a decorator for one's own networks.

    The name then works wherever those of `NETWORKS` do, and networks of the class can be saved
    and loaded. What their constructor takes becomes their `init_params`. ``n_dims``,
    ``n_channels_in`` and ``n_channels_out`` among it tell a denoiser what data they are for;
    where they are missing it takes images of one channel. A constructor's ``device`` is not
    recorded.

    Parameters
    ----------
    network : type
        A subclass of `torch.nn.Module`, whose constructor takes its parameters by name.
    name : str, optional
        The name, without regard to case; that of the class if not given. A class that is defined
        again, as by running a cell of a notebook twice, takes the place of the earlier one.

    Returns
    -------
    type
        The class itself; without `network`, the decorator.

    Raises
    ------
    InputError
        The name is taken, or the class is no network or takes arguments without name.

    Examples
    --------
    >>> import torch
    >>> from autoden.models import create_network
    >>> @register
    ... class Smoother(torch.nn.Conv1d):
    ...     def __init__(self, width: int = 3, n_dims: int = 1) -> None:
    ...         super().__init__(1, 1, width, padding="same")
    >>> create_network("smoother", {"width": 5}, device="cpu").init_params
    {'width': 5, 'n_dims': 1}
    >>> _ = NETWORKS.pop("smoother")  # examples leave no trace
    """
    if network is None:
        return functools.partial(register, name=name)
    import torch

    if not (isinstance(network, type) and issubclass(network, torch.nn.Module)):
        raise InputError(
            f"{network!r} cannot be registered: give a subclass of torch.nn.Module, and its name "
            'as in `@register(name="mine")`.'
        )
    known_as = _free_name(network.__name__ if name is None else name, network)
    parameters = _constructor_parameters(network)
    _record_arguments(network, tuple(parameters))
    for stale in [key for key, kind in NETWORKS.items() if kind.network == _path(network)]:
        del NETWORKS[stale]
    NETWORKS[known_as] = _params_type(network, parameters)
    return network


def _path(cls: type) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"


def _free_name(name: str, network: type) -> str:
    """Return the name in lower case, if neither it nor the class is taken by another network."""
    others = {key: kind for key, kind in NETWORKS.items() if kind.network != _path(network)}
    taken = {*others, *(class_name(kind).lower() for kind in others.values())}
    for wanted in (name, network.__name__):
        if wanted.lower() in taken:
            raise InputError(
                f"The name {wanted!r} is taken by another network: rename the class, or give "
                '`register` another name as in `@register(name="mine")`.'
            )
    if not name.isidentifier():
        raise InputError(f"`name` is {name!r}: give letters, digits and underscores, like 'mine'.")
    return name.lower()


def _constructor_parameters(network: type) -> dict[str, inspect.Parameter]:
    """Return what the constructor takes, by name, without ``self`` and ``device``."""
    parameters = {}
    for name, parameter in list(inspect.signature(network.__init__).parameters.items())[1:]:  # type: ignore[misc]
        is_named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if not is_named or name in _RESERVED:
            raise InputError(
                f"The constructor of {network.__name__} takes `{parameter}`, which a file cannot "
                "record: give every parameter a name of its own, as in "
                "`def __init__(self, n_features=8)`."
            )
        if name != "device" or parameter.default is parameter.empty:
            parameters[name] = parameter
    return parameters


def _record_arguments(network: type, recorded: tuple[str, ...]) -> None:
    """Let networks of the class keep what they were constructed with as `init_params`."""
    construct = network.__init__  # type: ignore[misc]
    signature = inspect.signature(construct)

    @functools.wraps(construct)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        construct(self, *args, **kwargs)
        # a subclass has parameters of its own, and a class may provide them itself
        if type(self) is network and not hasattr(network, "init_params"):
            vars(self)["init_params"] = {name: bound.arguments[name] for name in recorded}

    network.__init__ = __init__  # type: ignore[misc]


def _params_type(
    network: type[torch.nn.Module], parameters: Mapping[str, inspect.Parameter]
) -> type[NetworkParams]:
    """Make the frozen record of the parameters of a class of networks."""

    def entry(parameter: inspect.Parameter) -> Any:
        keyword_only = parameter.kind is parameter.KEYWORD_ONLY
        default = parameter.default
        if default is parameter.empty:
            return field(kw_only=keyword_only)
        if default.__hash__ is None:  # a list or the like: each record gets its own
            return field(default_factory=lambda: type(default)(default), kw_only=keyword_only)
        return field(default=default, kw_only=keyword_only)

    return make_dataclass(
        f"NetworkParams{network.__name__}",
        [(name, Any, entry(parameter)) for name, parameter in parameters.items()],
        bases=(NetworkParams,),
        namespace={
            "__doc__": f"Parameters of {_path(network)}.",
            "__post_init__": lambda self: None,  # its constructor checks them
            "network": _path(network),
            "network_class": classmethod(lambda cls: network),
        },
        frozen=True,
    )
