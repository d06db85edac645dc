"""Files of instruments: the format, and the process of its own that reads them."""
