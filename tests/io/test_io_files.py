"""Files are whole or not there, and every path that cannot work is refused at once."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest

import autoden.io as aio
from autoden.errors import InputError
from autoden.io.files import check_destination, check_source, replacing
from autoden.io.registry import Format, format_of, formats, register
from autoden.signals import Axis, Signal

SIGNAL = Signal(np.array([[3, 12]]), ["repeat", Axis("energy", "keV", [0.5, 1.0])])


def write_text(path, text, *, overwrite=False):
    with replacing(path, overwrite=overwrite) as temporary:
        temporary.write_text(text)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_has_the_usual_mode(tmp_path):
    path = tmp_path / "out.csv"
    before = os.umask(0o027)
    try:
        write_text(path, "1\n2\n")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"1\n2\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names(tmp_path) == ["out.csv"]


def test_existing_files_are_replaced_only_when_allowed(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old")
    path.chmod(0o604)
    with pytest.raises(InputError, match=r"exists already.*overwrite=True \(--force"):
        write_text(path, "new")
    assert path.read_text() == "old"
    write_text(path, "new", overwrite=True)
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def interrupted_write(path, error):
    with replacing(path, overwrite=True) as temporary:
        temporary.write_text("half of")
        raise error


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyboardInterrupt()])
def test_a_failed_write_leaves_everything_as_it_was(tmp_path, error):
    path = tmp_path / "out.csv"
    path.write_text("old")
    with pytest.raises(type(error)) as caught:
        interrupted_write(path, error)
    assert any("nothing that was there before" in note for note in caught.value.__notes__)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["out.csv"]


def test_a_refusal_of_the_system_names_path_and_remedy(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old")
    with pytest.raises(InputError, match=r"out\.csv could not be .*No space left.*: free space"):
        interrupted_write(path, OSError(28, "No space left on device"))
    assert path.read_text() == "old"
    assert names(tmp_path) == ["out.csv"]


def test_a_full_disk_is_an_input_error(tmp_path):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # as `ulimit -f`
    try:
        with pytest.raises(InputError, match="File too large"):
            write_text(tmp_path / "out.csv", "x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert names(tmp_path) == []


def test_a_folder_that_vanishes_is_an_input_error(tmp_path):
    (tmp_path / "a").mkdir()

    def write():
        with replacing(tmp_path / "a" / "out.csv") as temporary:
            temporary.unlink()
            (tmp_path / "a").rmdir()

    with pytest.raises(InputError, match=r"out\.csv could not be written"):
        write()
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that takes no file")
def test_a_folder_that_takes_no_file_is_refused_beforehand():
    with pytest.raises(InputError, match=r"/proc/x\.csv cannot be written.*choose another folder"):
        check_destination("/proc/x.csv")


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path):
    path = tmp_path / "out.csv"

    def slow_write():
        with replacing(path) as temporary:
            temporary.write_text("mine")
            path.write_text("theirs")

    with pytest.raises(InputError, match="exists already"):
        slow_write()
    assert path.read_text() == "theirs"
    assert names(tmp_path) == ["out.csv"]


def test_links_stay_links(tmp_path):
    (tmp_path / "true.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "true.csv")
    write_text(tmp_path / "link.csv", "new", overwrite=True)
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "true.csv").read_text() == "new"


def test_destinations_are_checked_beforehand(tmp_path):
    assert check_destination(tmp_path / "out.csv") == tmp_path / "out.csv"
    assert names(tmp_path) == []
    with pytest.raises(InputError, match="is a folder"):
        check_destination(tmp_path, overwrite=True)
    with pytest.raises(InputError, match="none does not exist: create it first"):
        check_destination(tmp_path / "none" / "out.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="not a plain file"):
        check_destination(tmp_path / "pipe.csv", overwrite=True)


@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may do everything")
def test_permissions_are_checked_beforehand(tmp_path):
    (tmp_path / "a.csv").write_text("1,2")
    (tmp_path / "a.csv").chmod(0)
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="may not be read"):
        check_source(tmp_path / "a.csv")
    with pytest.raises(InputError, match="takes no new file"):
        check_destination(tmp_path / "b.csv")
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("path", ["", "a\0b.csv", "x" * 5000 + ".csv", None, 3, b"a.csv"])
@pytest.mark.parametrize("check", [check_source, check_destination])
def test_what_is_no_path(path, check):
    with pytest.raises(InputError):
        check(path)


def test_sources_are_checked(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv does not exist .*check the path"):
        aio.read(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is a folder"):
        aio.read(tmp_path)
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="not a plain file"):
        aio.read(tmp_path / "pipe.csv")


def test_suffixes_choose_the_format(tmp_path):
    assert format_of("A.CSV") is format_of("b.tsv") is format_of("c.txt")
    for name in ("a.docx", "csv", "a.csv.gz"):
        with pytest.raises(InputError, match=r"suffix is not known; known are .*\.csv, .*\.txt, "):
            format_of(name)
    with pytest.raises(InputError, match="suffix is not known"):
        aio.write(tmp_path / "a.docx", SIGNAL)
    assert names(tmp_path) == []


def test_formats_are_registered_once():
    csv = formats()[0]
    register(csv)
    assert formats().count(csv) == 1
    with pytest.raises(InputError, match="belongs to table of text"):
        register(Format("other", (".csv",), "other"))
    with pytest.raises(InputError, match="start with a dot"):
        register(Format("other", ("abc",), "other"))
    with pytest.raises(InputError, match="cannot write the format other"):
        Format("other", (".abc",), "autoden.errors").function("write")


def test_options_belong_to_a_format(tmp_path):
    (tmp_path / "a.csv").write_text("1,2\n")
    with pytest.raises(InputError, match=r"no option 'sep' .* its options are keep_overflow"):
        aio.read(tmp_path / "a.csv", sep=";")


def test_only_signals_are_written(tmp_path):
    with pytest.raises(InputError, match="takes a Signal, not ndarray"):
        aio.write(tmp_path / "a.csv", SIGNAL.data)
    aio.write(tmp_path / "a.csv", SIGNAL)
    with pytest.raises(InputError, match="exists already"):
        aio.write(tmp_path / "a.csv", SIGNAL)
    aio.write(tmp_path / "a.csv", SIGNAL, overwrite=True)
    bad = Signal([[np.nan, 1.0]], ["repeat", "energy"])
    with pytest.raises(InputError, match="NaN"):
        aio.write(tmp_path / "a.csv", bad, overwrite=True)
    np.testing.assert_array_equal(aio.read(tmp_path / "a.csv"), SIGNAL.data)
    assert names(tmp_path) == ["a.csv"]
