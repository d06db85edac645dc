from .files import check_destination as check_destination
from .reading import read as read
from .registry import Format as Format
from .registry import check_writable as check_writable
from .registry import formats as formats
from .registry import register as register
from .registry import write as write
