"""Says which Python runs it: submitted with a virtual environment active, that environment's."""

import sys

print(sys.executable)
print("in a virtual environment" if sys.prefix != sys.base_prefix else "in no virtual environment")
