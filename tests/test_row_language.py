"""Row programs: how they are put into stages, and what is refused."""

import importlib.util
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PARTS = """
def excess(x, largest):
    total = row_sum(x)
    much = where(total > largest, 1.0, 0.0)
    return total, much
"""


@pytest.fixture(scope="module")
def emit_rows():
    folder = ROOT / "kernels"
    if not folder.exists():
        pytest.skip("the sources of the kernels are not here")
    for name in ("emit", "subprograms", "emit_rows"):
        spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return module


@pytest.fixture
def printed(emit_rows, tmp_path):
    """Return the stages of a program by name, or all of the text."""

    def print_(body, arguments="x"):
        (tmp_path / "coefficients.py").write_text("HALF = Constant(float32=0.5, float64=0.5)\n")
        (tmp_path / "elementary.py").write_text("def halved(x):\n    return x * HALF\n")
        (tmp_path / "activations").mkdir(exist_ok=True)
        program = f"def program({arguments}):\n" + textwrap.indent(textwrap.dedent(body).strip(), "    ")
        (tmp_path / "rowwise.py").write_text(f"{PARTS}\n{program}\n\nSUBPROGRAMS = (excess,)\nPROGRAMS = (program,)\n")
        return emit_rows.emit(tmp_path)

    return print_


def stages(text):
    """Return the text of each stage, without the lines that name sources."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#line"))
    return lines.split("template <> struct program_program::Stage<")[1:]


def test_a_pass_for_each_reduction_that_needs_the_one_before(printed):
    first, second, last = stages(printed("""
        largest = row_maximum(x)
        total = row_sum(x - largest)
        return x / total
        """))  # fmt: skip
    assert "Reductions<Maximum<0>>" in first
    assert "Reductions<Sum<-1>>" in second
    assert "terms[0] = (x - largest);" in second
    assert "Reductions<>" in last
    assert "stored[0] = (x / total);" in last


def test_what_outlives_its_stage_is_kept_in_the_result(printed):
    first, last = stages(printed("e = halved(x)\ntotal = row_sum(e)\nreturn e / total"))
    assert "stored[0] = e;" in first
    assert "const V e = kept[0];" in last


def test_a_subprogram_stands_where_it_is_called(printed):
    text = printed("""
        largest = row_maximum(x)
        total, _much = excess(x, largest)
        return x / total
        """)
    assert "excess_much" not in text, "what is never used is left out"
    assert "excess(" not in text
    assert stages(text)[0].count("Maximum<0>, Sum<0>") == 1
    text = printed("""
        largest = row_maximum(x)
        total, much = excess(x, largest)
        return where(much == 0.0, x, x / total)
        """)
    assert "auto much = where((total > largest), " in text


def test_a_conditional_stage_computes_again_what_no_memory_keeps(printed):
    _, sums, again, last = stages(printed("""
        largest = row_maximum(x)
        e = halved(x - largest)
        total = row_sum(e)
        needed = where(total < 1.0, 1.0, 0.0)
        others = row_sum_if(needed, where(e == 0.0, 0.0, e))
        return x / (total + others)
        """))  # fmt: skip
    slot = sums.split("] = needed;")[0].rsplit("row[", 1)[1]
    assert [f"condition = {n};" in stage for n, stage in ((-1, sums), (slot, again), (-1, last))] == [True] * 3
    assert "const V needed" not in again.split("static FASTACT_INLINE void row")[0]
    for stage in (sums, again):
        assert "auto e = halved((x - largest));" in stage
        assert "stored[" not in stage.split("void element")[1].split("using K")[1]


def test_a_conditional_stage_takes_terms_that_are_kept(printed):
    again = stages(printed("""
        e = halved(x)
        total = row_sum(e)
        norm = row_dot(x, e)
        needed = where(total < norm, 1.0, 0.0)
        others = row_sum_if(needed, where(e == norm, 0.0, e))
        return x / (total + others)
        """))[1].split("void again(")[1].split("static FASTACT_INLINE void row")[0]  # fmt: skip
    assert "const V e = before[2];" in again
    assert "terms[0] = where((e == norm), " in again
    assert "const V x" not in again


def test_a_conditional_stage_reads_what_is_kept(printed):
    _, again, last = stages(printed("""
        e = halved(x)
        total = row_sum(e)
        needed = where(total < 1.0, 1.0, 0.0)
        others = row_sum_if(needed, where(e == 0.0, 0.0, e))
        return e / (total + others)
        """))  # fmt: skip
    assert "const V e = kept[0];" in again
    assert "const V e = kept[0];" in last


def test_first_elements_let_the_first_two_stages_run_at_once(printed):
    body = """
        start = row_first(x)
        largest = row_maximum(x)
        far = row_mostly_zero(largest - start, {known})
        total = row_sum(where(far == 0.0, x - start, x - largest))
        return x / total
        """
    text = printed(body.format(known="start * start"))
    assert "presumes = true;" in text
    assert "return (start * start);" in text.split("V known(")[1].split("template <> struct")[0]
    both = stages(text)[-1]
    assert both.startswith("-1>")
    assert "Reductions<Maximum<0>, Sum<-1>>" in both
    assert "row_length" not in both, "it ends as the two stages do"
    slot = next(line for line in stages(text)[1].splitlines() if "mostly_zero = " in line)
    assert slot in both
    text = printed(body.format(known="largest * largest"))
    assert "presumes = false;" in text
    assert "Stage<-1>" not in text


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("if x > 0.0: x = 1.0\nreturn x", "if"),
        ("y = 1.0 + row_sum(x)\nreturn y * x", "must be the whole right-hand side"),
        ("return x / row_sum(x)", "must be the whole right-hand side"),
        ("y = row_sum(x, x)\nreturn y * x", "`row_sum` takes 1 operands"),
        ("y = row_dot(x)\nreturn y * x", "`row_dot` takes 2 operands"),
        ("y = row_sum_parts(x)\nreturn y * x", "`row_sum_parts` gives 2 values"),
        ("y = row_sum(x)\ny = row_fmax(x)\nreturn y * x", "`y` is assigned twice"),
        ("y = row_mostly_zero(x, x)\nz = row_mostly_zero(x, x)\nreturn y * z", "one `row_mostly_zero`"),
        (
            "a = row_first(x)\nb = row_fmax(x)\ny = row_mostly_zero(b - a, a)\nz = row_sum(x - b)\nreturn where(y == 0.0, x, z)",
            "takes what is not yet known of the row, whatever `y` is",
        ),
        ("y = row_first(x * x)\nreturn y * x", "`row_first` takes an input"),
        ("y = row_early_maximum(x * x)\nreturn y * x", "`row_early_maximum` takes an input"),
        ("y = halved(x)\nreturn x", "`y` is never used"),
        ("y = halved(x)\nz = row_sum(y)\nreturn x * y * z", "read again"),
        ("y = row_sum(x)\nreturn y, x", "outputs of elements stand before"),
        ("y = row_sum(x)\nreturn x, y * y", "returned by its name"),
        ("y = row_sum_if(x, x)\nreturn y * x", "takes a value of the row first"),
        ("z = row_sum(x * x)\ny = row_sum_if(z, x)\nreturn y * x", "`x` is no term of the pass before"),
        ("z = row_sum(x)\ny = row_sum_if(z, x)\nw = row_sum(x - z)\nreturn x * y * w", "`y` shares a pass"),
        ("y, z = excess(x)\nreturn x * y * z", "`excess` takes 2 names"),
        ("y = excess(x, x)\nreturn x * y", "`excess` gives 2 values"),
        ("y, z = excess(x, x * x)\nreturn x * y * z", "`excess` takes 2 names"),
    ],
)
def test_refusals(printed, body, reason):
    with pytest.raises(SyntaxError) as caught:
        printed(body)
    message = str(caught.value)
    assert message.startswith("fastact/rowwise.py:"), message
    assert reason in message, message


def test_inputs_of_rows_stand_last(printed):
    with pytest.raises(SyntaxError, match="inputs of elements stand before those of rows"):
        printed("return x * y", "x: Row, y")


def test_real_programs_print(emit_rows):
    text = emit_rows.emit(ROOT / "fastact")
    assert "struct softmax_program" in text
    assert "struct exponentials_program" not in text
