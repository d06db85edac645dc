"""A program that speaks as the command line does, without computing: for tests of the queue.

Its first argument says what it does; options such as ``--output=PATH`` say where it writes.
"""

import json
import signal
import sys
import time
from pathlib import Path


def write(stream, line):
    stream.write(f"{line}\n")
    stream.flush()


def say(event, **more):
    write(sys.stdout, json.dumps({"event": event, **more}))


def progress(epoch):
    say("progress", stage="training", fraction=epoch / 1000, epoch=epoch, epochs=1000,
        held_out=1 / (1 + epoch), remaining_s=1.0)  # fmt: skip


def main():
    verb, *rest = sys.argv[1:]
    output = next(Path(w.split("=", 1)[1]) for w in rest if w.startswith("--output="))
    write(sys.stderr, "reading")
    if verb == "fail":
        say("error", message="in.csv is empty: give another.")
        sys.exit(1)
    if verb == "die":
        write(sys.stderr, "autoden: error: no room left: free some.")
        sys.exit(1)
    if verb == "stubborn":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        for epoch in range(1000 if verb in ("slow", "stubborn") else 5):
            progress(epoch)
            write(sys.stdout, "no event")
            time.sleep(0.05 if verb in ("slow", "stubborn") else 0.0)
    except KeyboardInterrupt:
        output.write_text("best so far")
        sys.exit(130)
    output.write_text("result")
    say("message", level="warning", text="Few counts.")
    say(
        "result",
        written={},
        seconds=1.0,
        found={"verdict": ["It is better."], "method": "a filter"},
    )


if __name__ == "__main__":
    main()
