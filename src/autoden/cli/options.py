"""Kinds of options and groups of them that several commands share."""

from typing import Annotated

from cyclopts import Group, Parameter

Flag = Annotated[bool, Parameter(negative=())]
"""A switch that is off unless it is given; it has no opposite."""

AxisOption = Annotated[int | str | None, Parameter(allow_leading_hyphen=True)]
"""An axis of the data: its number from 0, or from the end if negative, or its name."""

OUTPUT, DATA = Group("Output", sort_key=1), Group("Data", sort_key=2)
NETWORK, TRAINING = Group("Network", sort_key=3), Group("Training", sort_key=4)
METHOD, RUN = Group("Method", sort_key=5), Group("Run", sort_key=6)
"""The groups in which help shows options, in order."""
