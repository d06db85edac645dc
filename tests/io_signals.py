"""Signals that the files of a format can hold, by what the registry says of it."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autoden.signals import Axis, Signal

dtypes = st.sampled_from(
    "bool u1 i1 u2 i2 u4 i4 u8 i8 f2 f4 f8 >f4 >u2 >i8 c8 c16".split()  # noqa: SIM905
).map(np.dtype)
real_dtypes = dtypes.filter(lambda dtype: dtype.kind != "c")
printable = st.characters(exclude_categories=["C", "Z"])
plain = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(),
    lambda item: st.lists(item, max_size=3) | st.dictionaries(st.text(), item, max_size=3),
    max_leaves=6,
)
positions = st.floats(allow_nan=False, allow_infinity=False)
names = st.text(printable, min_size=1, max_size=8).map(str.lower)
metadata = st.dictionaries(st.text(), plain, max_size=3)


@st.composite
def axes(draw, shape):
    drawn = draw(st.lists(names, min_size=len(shape), max_size=len(shape), unique=True))
    if len(shape) == 3 and draw(st.booleans()):
        drawn[2] = "channel" if "channel" not in drawn[:2] else drawn[2]
    made = []
    for name, length in zip(drawn, shape, strict=True):
        values = st.lists(positions, min_size=length, max_size=length)
        made.append(Axis(name, draw(st.text(printable, max_size=4)), draw(st.none() | values)))
    return tuple(made)


@st.composite
def of_any_shape(draw, shapes=None, kinds=dtypes):
    shapes = hnp.array_shapes(min_dims=0, max_dims=4, max_side=4) if shapes is None else shapes
    shape = draw(shapes)
    data = draw(hnp.arrays(draw(kinds), shape))
    if draw(st.booleans()):
        data = np.array(data, order="F")
    return Signal(data, draw(axes(shape)), draw(metadata))


@st.composite
def images(draw):
    kinds = st.sampled_from(["bool", "u1", "u2"]).map(np.dtype)
    return draw(of_any_shape(hnp.array_shapes(min_dims=2, max_dims=2, max_side=5), kinds))


@st.composite
def spectra(draw):
    """One spectrum, finite."""
    shape = draw(st.integers(1, 12).map(lambda n: (n,)) | st.integers(1, 6).map(lambda n: (1, n)))
    dtype = draw(real_dtypes)
    finite = {"allow_nan": False, "allow_infinity": False} if dtype.kind == "f" else {}
    data = draw(hnp.arrays(dtype, shape, elements=hnp.from_dtype(dtype, **finite)))
    return Signal(data, draw(axes(shape)), draw(metadata))


@st.composite
def tables(draw):
    """Several spectra on rising positions, as a table of text tells them without its dtype."""
    shape = draw(st.tuples(st.integers(1, 5), st.integers(2, 12)))
    elements = draw(st.sampled_from([np.int64, np.float64]))
    finite = None if elements is np.int64 else positions
    data = draw(hnp.arrays(elements, shape, elements=finite))
    n_channels = shape[1]
    rising = sorted(
        draw(st.lists(positions, min_size=n_channels, max_size=n_channels, unique=True))
    )
    own = draw(metadata)
    for name in ("layout", "table", "overflow_bin"):  # which tell how a table is written
        own.pop(name, None)
    return Signal(data, (Axis("repeat"), Axis("energy", "keV", rising)), own)


OF_KIND = {
    "numbers of any shape": of_any_shape(),
    "one spectrum of finite real numbers": spectra(),
    "spectra of finite real numbers": tables(),
    "images of 8 or 16 bits": images(),
    "images and volumes of up to 32 bits": of_any_shape(
        hnp.array_shapes(min_dims=2, max_dims=3, max_side=4),
        st.sampled_from("bool i1 u1 i2 u2 f2 f4 >f4 c8".split()).map(np.dtype),  # noqa: SIM905
    ),
    "real numbers of any shape": of_any_shape(
        kinds=real_dtypes.filter(lambda d: d.str[1:] != "f2")
    ),
}
"""By `Format.holds`; a new format that holds something else gets a line here."""


def typical(holds):
    """One signal that a format holds, always the same."""
    rng = np.random.default_rng(0)
    energy = Axis("energy", "keV", np.linspace(-0.02, 20.491, 40))
    x = Axis("x", "mm", np.linspace(0, 1, 9))
    if holds == "one spectrum of finite real numbers":
        return Signal(rng.poisson(5, 40).astype(np.uint8), [energy], {"sample": "µ"})
    if holds == "spectra of finite real numbers":
        return Signal(rng.poisson(5, (6, 40)), ["repeat", energy], {"sample": "µ"})
    data = rng.integers(0, 255, (7, 9), dtype=np.uint8)
    return Signal(data, ["y", x], {"sample": "µ"})
