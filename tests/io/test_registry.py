"""The registry: formats whose packages are optional say how to get them."""

import pytest

from autoden.errors import InputError
from autoden.io import Format


def test_a_missing_package_is_named_with_the_extra_that_installs_it():
    optional = Format("fancy", (".fancy",), "no_such_package.fancy", extra="fancy")
    with pytest.raises(InputError, match=r"fancy needs .*pip install 'autoden\[fancy\]'"):
        optional.function("read")


def test_a_package_that_must_be_there_is_not_excused():
    with pytest.raises(ImportError):
        Format("plain", (".plain",), "no_such_package.plain").function("read")
