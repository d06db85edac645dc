"""Which versions are at work: what to quote in a paper and in a bug report."""

from __future__ import annotations


def version() -> str:
    """Give the version of autoden."""
    from importlib.metadata import version as installed

    return installed("autoden")


def debug_info() -> None:
    """Show the versions of everything that matters for a bug report."""
    import platform
    from importlib.metadata import version as installed

    import torch

    print(f"autoden {version()}, Python {platform.python_version()}, {platform.platform()}")
    for package in ("torch", "numpy", "scipy", "matplotlib"):
        print(f"{package} {installed(package)}")
    print(f"cpu with {torch.get_num_threads()} threads")
    for index in range(torch.cuda.device_count()):
        print(f"cuda:{index} {torch.cuda.get_device_name(index)}")
