"""`python3 -I -S FOLDER …`, whatever the folder is called and wherever it lies; also `python -m audit`."""

import sys


def _load_folder() -> None:
    """Make this file's own folder the package `audit`, so that no other one can be taken for it."""
    from importlib.util import module_from_spec, spec_from_file_location
    from pathlib import Path

    folder = Path(__file__).resolve().parent
    spec = spec_from_file_location("audit", folder / "__init__.py", submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None:
        raise SystemExit(f"{folder} is not the whole verifier: __init__.py is missing")
    package = module_from_spec(spec)
    sys.modules["audit"] = package
    del sys.path[0]  # the folder itself: its modules are named audit.x, never x
    spec.loader.exec_module(package)


if __name__ == "__main__":
    if not __package__:
        _load_folder()
    from audit.verify import main

    raise SystemExit(main())
