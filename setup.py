"""The compiled part: kernels for each instruction set, and what is printed from the declarations while building.

FASTACT_REQUIRE_EXT=1 turns a failed build into an error; otherwise the package is installed without compiled kernels and runs on
Numba.  FASTACT_SANITIZE=1 has every access to memory checked, for .ci/sanitize.  What the machine that builds can do is never
asked: each file is compiled for its instruction set, and the choice is made on the machine that runs.
"""

import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
REQUIRED = os.environ.get("FASTACT_REQUIRE_EXT") == "1"
MACHINE = platform.machine().lower()

# With line tables perf and gdb name the Python line of an instruction; more would make the library four times larger.
LINES = ["-g1"]
MEANING = ["-std=c++17", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fvisibility=hidden"]
# At -O3 the checks of the sanitizers take ten times as long to compile.
CHECKS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-O1"] if os.environ.get("FASTACT_SANITIZE") == "1" else []
WARNINGS = ["-Wall", "-Wextra", "-Wno-psabi", "-Wno-unknown-pragmas", "-Wno-uninitialized", "-Wno-maybe-uninitialized"]
AVX2 = ["-mavx2", "-mfma", "-mf16c", "-mbmi2"]
AVX512 = [*AVX2, "-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mprefer-vector-width=512"]
ISAS = {"baseline": []}
if MACHINE in ("x86_64", "amd64"):
    ISAS |= {"avx2": AVX2, "avx512": AVX512}


def emit(script: str, *arguments: str) -> None:
    """Run one of our printers, so that its errors name file and line."""
    subprocess.run([sys.executable, str(ROOT / script), *arguments], check=True)


class Job(NamedTuple):
    """A source to compile, the folder its object goes to, and how."""

    source: str
    folder: str
    macros: list[tuple[str, str]]
    flags: list[str]


class BuildExtension(build_ext):
    """Compiles the kernels once for each instruction set, with the flags of that one, and links them all."""

    def build_extension(self, ext: Extension) -> None:
        generated = Path(self.build_temp).resolve() / "generated"
        generated.mkdir(parents=True, exist_ok=True)
        for printer, output in (("emit", "mathematics"), ("emit_rows", "rows")):
            emit(f"kernels/{printer}.py", str(ROOT / "fastact"), str(generated / f"{output}.inc"))
        ext.include_dirs.append(str(generated))
        openmp = self.flags_for_openmp()
        ext.extra_compile_args += [*MEANING, *LINES, *openmp, *CHECKS]
        ext.extra_link_args += [*openmp, *CHECKS]
        ext.extra_objects += self.compile_kernels(ext.include_dirs)
        super().build_extension(ext)

    def is_new(self, path: str) -> bool:
        """Tell whether an object was made from the files that it depends on as they are; -MMD lists them beside it."""
        listed = Path(path).with_suffix(".d")
        if not os.path.exists(path) or not listed.exists():
            return False
        sources = listed.read_text().partition(":")[2].replace("\\\n", " ").split()
        return all(os.path.exists(s) and os.path.getmtime(s) < os.path.getmtime(path) for s in sources)

    def compiles(self, flags: list[str], source: str) -> bool:
        """Tell whether the compiler takes these flags and this source."""
        folder = Path(self.build_temp).resolve() / "probe"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "probe.cpp").write_text(source)
        try:
            self.compiler.compile([str(folder / "probe.cpp")], output_dir="/", extra_postargs=flags)
        except Exception:
            return False
        return True

    def flags_for_openmp(self) -> list[str]:
        source = "#include <omp.h>\nint threads() { return omp_get_max_threads(); }\n"
        return ["-fopenmp"] if self.compiles(["-fopenmp"], source) else []

    def if_known(self, *flags: str) -> list[str]:
        """Return flags if the compiler knows them."""
        return list(flags) if self.compiles([*flags, "-Werror"], "int one() { return 1; }\n") else []

    def compile_kernels(self, include_dirs: list[str]) -> list[str]:
        """Compile the kernels for every instruction set that the compiler knows, and the drivers that choose among them."""
        vectors = "typedef float v __attribute__((vector_size(16)));\nv twice(v x) { return x > v{} ? x + x : x; }\n"
        isas = [isa for isa, flags in ISAS.items() if isa == "baseline" or self.compiles(flags, vectors)]
        have = [(f"FASTACT_HAVE_{isa.upper()}", "1") for isa in isas]
        # GCC mixes the instructions of neighbouring vectors only if it schedules before it allocates registers.
        interleaving = self.if_known("-fschedule-insns", "-fsched-pressure")
        # GCC makes calls of memcpy out of loops over the two or three pointers of a row.
        drivers = [*self.flags_for_openmp(), *self.if_known("-fno-tree-loop-distribute-patterns")]
        jobs: list[Job] = []
        for isa in reversed(isas):
            # At -O3 GCC makes several copies of each loop over rows, which take long to compile and are no faster.
            mixed = interleaving if isa in ("avx2", "avx512") else []
            jobs.append(Job(f"rows_{isa}", "rows", [], [*ISAS[isa], "-O2", *mixed]))
            flags = [*ISAS[isa], *interleaving]
            jobs += [Job(f"isa_{isa}", real, [("FASTACT_REAL", real)], flags) for real in ("float", "double")]
        jobs += [Job(driver, "drivers", have, drivers) for driver in ("driver", "rows_driver", "steps_driver")]

        def compile_one(job: Job) -> list[str]:
            source = os.path.relpath(ROOT / "kernels" / f"{job.source}.cpp")
            folder = str(Path(self.build_temp) / job.folder)
            objects = self.compiler.object_filenames([source], output_dir=folder)
            if not self.force and all(map(self.is_new, objects)):
                return objects
            return self.compiler.compile(
                [source],
                output_dir=folder,
                include_dirs=[*include_dirs, str(ROOT / "kernels")],
                macros=job.macros,
                extra_postargs=["-MMD", *MEANING, *LINES, *WARNINGS, *job.flags, *CHECKS],
            )

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return [o for objects in pool.map(compile_one, jobs) for o in objects]


class BuildPython(build_py):
    """Adds the stub that names the activations."""

    def run(self) -> None:
        if self.editable_mode:
            emit("tools/make_stubs.py", str(ROOT / "fastact" / "__init__.pyi"))
        super().run()
        if not self.editable_mode:
            emit("tools/make_stubs.py", str(Path(self.build_lib) / "fastact" / "__init__.pyi"))


extensions = cythonize(
    [
        Extension(
            "fastact._kernels",
            ["kernels/_kernels.pyx"],
            include_dirs=[np.get_include(), "kernels"],
            define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"), ("NPY_TARGET_VERSION", "NPY_2_0_API_VERSION")],
            language="c++",
            depends=[str(p.relative_to(ROOT)) for folder in ("kernels", "fastact") for p in (ROOT / folder).rglob("*.*p*")],
        )
    ],
    build_dir="build/cython",
)
for extension in extensions:
    # cythonize drops the attribute.
    extension.optional = not REQUIRED

setup(ext_modules=extensions, cmdclass={"build_ext": BuildExtension, "build_py": BuildPython})
