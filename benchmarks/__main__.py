"""`python -m benchmarks NAME` is `python -m benchmarks.NAME`."""

import runpy
import sys

if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
    sys.exit(
        "python -m benchmarks "
        "(search | sizes | exports | first_page | money_calls | checkout | sync) [options]"
    )
name = sys.argv.pop(1)
runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=True)
