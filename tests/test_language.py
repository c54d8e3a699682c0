"""The restricted language: binding to words and a precision, and printing as C++, with the refusals of both."""

import importlib.util
import textwrap
from pathlib import Path

import numpy as np
import pytest

from fastact import activations, elementary
from fastact.language import Constant, bind, functions_of

ROOT = Path(__file__).parent.parent
WORDS = {"double": lambda x: x + x, "where": np.where}
HALF = Constant(float32=0.5, float64=0.25)
SERIES = Constant(float32=(1.0, 2.0), float64=(3.0, 4.0, 5.0))


def twice(x):
    return double(x)  # noqa: F821


def shifted(x):
    return twice(x) + 0.1


def halved(x):
    return x * HALF


def series(x):
    return SERIES


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_bind(precision):
    scalar = np.dtype(precision).type
    bound = bind([twice, shifted, halved, series], precision, WORDS)
    assert list(bound) == ["twice", "shifted", "halved", "series"]
    assert bound["shifted"](scalar(1)) == scalar(2) + scalar(0.1)
    assert bound["shifted"](scalar(1)).dtype == scalar
    assert bound["halved"](scalar(1)) == {"float32": 0.5, "float64": 0.25}[precision]
    assert bound["series"](0) == {"float32": (1, 2), "float64": (3, 4, 5)}[precision]
    assert all(isinstance(c, scalar) for c in bound["series"](0))
    assert shifted.__code__.co_consts[-1] == 0.1
    assert type(shifted.__code__.co_consts[-1]) is float


def test_bind_wraps_in_order():
    """Later functions call the wrapped earlier ones."""
    seen = []

    def wrap(function):
        def wrapped(x):
            seen.append(function.__name__)
            return function(x)

        return wrapped

    bind([twice, shifted], "float64", WORDS, wrap)["shifted"](np.float64(1))
    assert seen == ["shifted", "twice"]


def test_functions_of_a_module_are_its_own_in_order():
    names = [f.__name__ for f in functions_of(activations.error_function)]
    assert "normal_tail" not in names
    assert names.index("gelu") < names.index("gelu_10")


def test_sources_know_no_precision():
    """Literals are floats, and every constant has both precisions."""
    for module in (elementary, *activations.MODULES):
        for function in functions_of(module):
            constants = [c for c in function.__code__.co_consts if c is not None and not isinstance(c, str)]
            assert all(isinstance(c, float) for c in constants), function.__name__


# The printer


@pytest.fixture(scope="module")
def emit():
    path = ROOT / "kernels" / "emit.py"
    if not path.exists():
        pytest.skip("the sources of the kernels are not here")
    spec = importlib.util.spec_from_file_location("emit", path)
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["emit"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def printed(emit, tmp_path):
    def print_(activation, elementary=""):
        (tmp_path / "coefficients.py").write_text("TENTH = Constant(float32=0.125, float64=0.1)\nSERIES = Constant(\n"
            "    float32=(1.0, 0.5),\n    float64=(1.0, 0.5, 0.25),\n)\n"
            f"NUMBERS = Table(float32=({ROW},), float64=({ROW},))\n")  # fmt: skip
        (tmp_path / "elementary.py").write_text(textwrap.dedent(elementary))
        (tmp_path / "activations").mkdir(exist_ok=True)
        (tmp_path / "activations" / "example.py").write_text(textwrap.dedent(activation))
        return emit.emit(tmp_path)

    return print_


ROW = (1.0, -1.0, *[0.5] * 14)

GOLDEN = """\
namespace fastact {
namespace FASTACT_ISA {
template <class T> struct Constants;
template <> struct Constants<float> {
    static constexpr float TENTH = 0x1.0000000000000p-3f;
    static constexpr float SERIES[] = {0x1.0000000000000p+0f, 0x1.0000000000000p-1f};
    static constexpr Format<float>::Bits NUMBERS[1][16] = {{ROW_OF_FLOAT}};
};
template <> struct Constants<double> {
    static constexpr double TENTH = 0x1.999999999999ap-4;
    static constexpr double SERIES[] = {0x1.0000000000000p+0, 0x1.0000000000000p-1, 0x1.0000000000000p-2};
    static constexpr Format<double>::Bits NUMBERS[1][16] = {{ROW_OF_DOUBLE}};
};
#line 2 "fastact/elementary.py"
template <class V> FASTACT_INLINE V scaled(V x) {
    using K [[maybe_unused]] = Constants<ScalarOf<V>>;
#line 3 "fastact/elementary.py"
    return (x * broadcast<V>(K::TENTH));
}
#line 5 "fastact/elementary.py"
template <class V> FASTACT_INLINE void both(V x, V& output_0, V& output_1) {
    using K [[maybe_unused]] = Constants<ScalarOf<V>>;
#line 6 "fastact/elementary.py"
    auto p = polynomial(x, K::SERIES);
#line 7 "fastact/elementary.py"
    output_0 = p;
    output_1 = (-p);
}
#line 3 "fastact/activations/example.py"
template <class V> FASTACT_INLINE void example(V x, V alpha, V& output_0, V& output_1) {
    using K [[maybe_unused]] = Constants<ScalarOf<V>>;
#line 5 "fastact/activations/example.py"
    V a, b; both(scaled(x), a, b);
#line 6 "fastact/activations/example.py"
    a = where(((x > broadcast<V>(0x0.0p+0)) & (x < alpha)), a, b);
#line 7 "fastact/activations/example.py"
    output_0 = a;
    output_1 = (b / broadcast<V>(-0x1.8000000000000p+1));
}
"""
GOLDEN = GOLDEN.replace("ROW_OF_FLOAT", ", ".join(["0x3f800000", "-0x40800000", *["0x3f000000"] * 14]))
GOLDEN = GOLDEN.replace("ROW_OF_DOUBLE", ", ".join(["0x3ff0000000000000", "-0x4010000000000000", *["0x3fe0000000000000"] * 14]))


def test_golden(printed):
    text = printed(
        '''
        @activation(limits={})
        def example(x, alpha=1.0):
            """A docstring is not printed."""
            a, b = both(scaled(x))
            a = where((x > 0.0) & (x < alpha), a, b)
            return a, b / -3.0
        ''',
        """
        def scaled(x):
            return x * TENTH

        def both(x):
            p = polynomial(x, SERIES)
            return p, -p
        """,
    )
    assert text.startswith(GOLDEN), text
    assert "struct example_activation" in text
    assert "#define FASTACT_ACTIVATIONS example_activation" in text


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("if x > 0.0: x = 1.0", "if"),
        ("for i in x: x = i", "for"),
        ("while x: x = x", "while"),
        ("y = x.real", "x.real"),
        ("y = x[0]", "x[0]"),
        ("y = x ** 2.0", "**"),
        ("y = x % 2.0", "%"),
        ("y = x // 2.0", "//"),
        ("y = 1 + x", "1"),
        ("y = x + True", "True"),
        ("y = not x", "not"),
        ("y = x > 0.0 and x < 1.0", "and"),
        ("y = 0.0 < x < 1.0", "<"),
        ("y = absolute(x=x)", "absolute"),
        ("y = absolute(*x)", "*x"),
        ("y = absolute(x, x)", "absolute"),
        ("y = unknown(x)", "unknown"),
        ("y = np.exp(x)", "np.exp"),
        ("y = unknown", "unknown"),
        ("y = polynomial(x, x)", "polynomial"),
        ("y = polynomial(x, NUMBERS)", "constant"),
        ("y = lookup(x, x)", "table"),
        ("y = rarely(x > 1.0, x, x)", ">="),
        ("y = lookup(x, SERIES)", "table"),
        ("y = piecewise(x, x, 1.0)", "table"),
        ("y = x + NUMBERS", "NUMBERS"),
        ("y = 1.0 + 2.0", "literal"),
        ("y = x if x > 0.0 else 0.0", "if"),
        ("y = [x]", "[x]"),
        ("y = lambda x: x", "lambda"),
        ("y += x", "+="),
        ("y: float = x", "float"),
        ("y = z = x", "z"),
        ("y, z = x, x", "y"),
        ("y, z = absolute(x)", "absolute"),
        ("assert x", "assert"),
        ("import math", "import"),
        ("absolute(x)", "absolute"),
        ("def inner(x): return x", "inner"),
        ("y = later(x)", "later"),
        ("y = 'text'", "text"),
        ("return x, x", "return"),
        ("pass", "pass"),
    ],
)
def test_refusals_name_the_line(emit, printed, line, reason):
    before, after = "@activation(limits={})\ndef f(x):\n    x = absolute(x)\n", "    return x, x\n"
    source = f"{before}    {line}\n{after}\n\ndef later(x):\n{after}"
    with pytest.raises(emit.NotInLanguage) as caught:
        printed(source)
    message = str(caught.value)
    assert "fastact/activations/example.py:4: " in message, message
    assert reason in message.split(": ", 1)[1], message


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def f(x):\n    y = x\n", 2),
        ("def f(x):\n    return\n", 2),
        ("def f(x, *rest):\n    return x, x\n", 1),
        ("def f(x, *, a):\n    return x, x\n", 1),
        ("def f(x, **a):\n    return x, x\n", 1),
    ],
)
def test_functions_that_are_refused(emit, printed, source, line):
    with pytest.raises(emit.NotInLanguage, match=rf"fastact/activations/example\.py:{line}: "):
        printed(source)


def test_what_is_rare_is_printed_to_be_called(printed):
    text = printed("""
        @activation(limits={})
        def example(x):
            y = rarely(x >= 1.0, both(x), lookup(x, NUMBERS))
            return y, piecewise(x, y, NUMBERS)
        """, """
        def both(x):
            return x
        """)  # fmt: skip
    compared = "x, broadcast<V>(0x1.0000000000000p+0)"
    assert f"auto y = rarely({compared}, [&]() FASTACT_LAZY {{ return both(x); }}, lookup<K::NUMBERS>(x));" in text
    assert "output_1 = piecewise<K::NUMBERS>(x, y);" in text


def test_real_sources_print(emit):
    text = emit.emit(ROOT / "fastact")
    assert "struct gelu_activation" in text
    assert text.count("#line") > 100
