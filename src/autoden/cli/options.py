"""Kinds of options that several commands share."""

from typing import Annotated

from cyclopts import Parameter

Flag = Annotated[bool, Parameter(negative=())]
"""A switch that is off unless it is given; it has no opposite."""
