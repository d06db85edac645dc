"""Valid files of every format, to be changed: written by autoden and by other programs."""

import importlib
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import autoden.io as aio
from autoden.errors import InputError
from autoden.signals import Axis, Signal

ENERGY = Axis("energy", "keV", np.linspace(-0.02, 20.0, 40))


def samples():
    """Signals of many kinds; no format holds all of them."""
    rng = np.random.default_rng(0)
    metadata = {"sample": "µ", "settings": {"epochs": 5, "list": [1, 2.5, "x", True]}}
    counts = rng.poisson(5, 40)
    image = rng.integers(0, 255, (7, 9)).astype(np.uint8)
    axes = ["y", Axis("x", "µm", np.arange(9) * 0.5)]
    return [
        Signal(counts, [ENERGY], metadata),
        Signal(counts + 0.25, [Axis("energy", "keV", ENERGY.values**2 + ENERGY.values * 50)]),
        Signal(rng.poisson(5, (3, 40)), ["repeat", ENERGY]),
        Signal(image, axes, metadata),
        Signal(image.astype(np.uint16), axes),
        Signal(image.astype(np.float32), axes),
        Signal(rng.random((2, 3, 4, 5)), ["time", "channel", "y", "x"], metadata),
        Signal(rng.random((3, 4, 5)).astype(np.float32), ["z", "y", "x"]),
    ]


def seeds_of(suffix, folder):
    """Write valid files of a format into a folder, and return their paths."""
    found = []
    for number, signal in enumerate(samples()):
        path = folder / f"seed-{number}{suffix}"
        try:
            aio.write(path, signal, overwrite=True)
        except InputError:
            continue
        found.append(path)
    maker = _OTHERS.get(suffix)
    for number, content in enumerate(maker() if maker else []):
        path = folder / f"other-{number}{suffix}"
        path.write_bytes(content)
        found.append(path)
    return found


def _jpeg():
    from io import BytesIO

    from PIL import Image

    for mode in ("L", "RGB"):
        file = BytesIO()
        data = np.random.default_rng(0).integers(0, 255, (9, 12, 3)).astype(np.uint8)
        Image.fromarray(data).convert(mode).save(file, "JPEG")
        yield file.getvalue()


def _tiff():
    from io import BytesIO

    import tifffile

    data = np.random.default_rng(0).integers(0, 999, (2, 3, 5, 6)).astype(np.uint16)
    for options in (
        {"imagej": True, "metadata": {"axes": "ZCYX", "unit": "micron", "spacing": 2.0}},
        {"ome": True, "metadata": {"axes": "ZCYX", "PhysicalSizeX": 0.1}},
        {"compression": "deflate", "tile": (16, 16), "bigtiff": True},
        {"metadata": None, "byteorder": ">"},
    ):
        file = BytesIO()
        tifffile.imwrite(file, data, photometric="minisblack", **options)
        yield file.getvalue()


def _npz():
    from io import BytesIO

    file = BytesIO()
    np.savez_compressed(file, a=np.arange(50.0), b=np.eye(3))
    yield file.getvalue().replace(b"b.npy", b"b.txt")  # so that one array is left


def _csv():
    yield b"Energy (keV);counts\n0,5;3\n1,0;12\n1,5;4\n"
    yield b"index,1.0,1.5,2.0\n0,1,2,3\n1,2,3,4\n"
    yield b"# comment\n1 2 3\n4 5 6\n"


def _emsa():
    yield (
        b"#FORMAT      : EMSA/MAS Spectral Data File\n#VERSION     : 1.0\n#TITLE       : a\n"
        b"#NPOINTS     : 4.\n#NCOLUMNS    : 2.\n#XUNITS      : eV\n#DATATYPE    : Y\n"
        b"#XPERCHAN    : 10.\n#OFFSET      : -20.\n#COMMENT     : x\n#COMMENT     : y\n"
        b"#LIVETIME    : 3.5\n##USER       : z\n#SPECTRUM    : here\n1., 2.,\n"
        b"3., 4.\n#ENDOFDATA :\n"
    )
    yield (
        b"#FORMAT : EMSA/MAS spectral data file\r\n#NPOINTS : 3\r\n#DATATYPE : XY\r\n"
        b"#XUNITS : keV\r\n#SPECTRUM :\r\n0.1, 5\r\n0.2, 6\r\n0.3, 7\r\n#ENDOFDATA :\r\n"
    )


def _mca():
    yield b"# comment\n#\n1\n2\n3\n4\n"
    yield (
        b"$SPEC_ID:\nsample\n$MEAS_TIM:\n100 110\n$DATE_MEA:\n01/02/2024 10:00:00\n$DATA:\n"
        b"0 4\n       1\n       2\n       3\n       4\n       5\n$ROI:\n0\n$ENER_FIT:\n0.1 0.5\n"
        b"$MCA_CAL:\n3\n0.1 0.5 0.001 keV\n"
    )


def edf_files():
    header = (
        "{\nHeaderID = EH:000001:000000:000000 ;\nImage = 1 ;\nByteOrder = HighByteFirst ;\n"
        "DataType = UnsignedShort ;\nDim_1 = 4 ;\nDim_2 = 3 ;\nSize = 24 ;\nPSize_1 = 1e-6 ;\n"
        "title = a ;\n"
    )
    block = (header + " " * (510 - len(header)) + "}\n").encode() + bytes(range(24))
    yield block
    yield block + block


def _mrc():
    import mrcfile

    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.mrc"
        with mrcfile.new(path) as mrc:
            mrc.set_data(np.arange(60, dtype=np.int16).reshape(3, 4, 5))
            mrc.voxel_size = 1.5
        yield path.read_bytes()


def instrument_file(plugin, suffix, shape):
    """A file as RosettaSciIO writes it."""
    axes = [
        {
            "name": name, "units": "nm", "scale": 2.0, "offset": 0.0, "size": size,
            "navigate": index < len(shape) - 2, "index_in_array": index, "is_binned": False,
        }
        for index, (name, size) in enumerate(zip("tzyx"[-len(shape) :], shape, strict=True))
    ]  # fmt: skip
    data = np.random.default_rng(0).random(shape).astype(np.float32)
    tree = {"General": {"title": "t"}, "Signal": {}}
    signal = {"data": data, "axes": axes, "metadata": tree, "original_metadata": {}}
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        importlib.import_module(f"rsciio.{plugin}").file_writer(str(path), signal)
        return path.read_bytes()


def _emd():
    yield instrument_file("emd", ".emd", (2, 6, 7))


def _unf():
    yield instrument_file("semper", ".unf", (6, 7))


_OTHERS = {
    ".jpg": _jpeg, ".jpeg": _jpeg, ".tif": _tiff, ".tiff": _tiff, ".npz": _npz, ".csv": _csv,
    ".msa": _emsa, ".emsa": _emsa, ".mca": _mca, ".spe": _mca,
    ".edf": edf_files, ".mrc": _mrc, ".emd": _emd, ".unf": _unf,
}  # fmt: skip
