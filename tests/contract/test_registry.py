"""Names: those of fastact, and those by which other libraries know the same functions."""

import copy
import inspect
import pickle

import numpy as np
import pytest
from inputs import same_bits

import fastact as fa
from fastact.activations import DECLARATIONS
from fastact.styles import STYLES, plain


def test_backward_passes_are_pickled_by_name():
    operations = [thing for thing in (getattr(fa, name) for name in fa.__all__) if isinstance(thing, fa.Operation)]
    assert len(operations) > 20
    for operation in operations:
        assert pickle.loads(pickle.dumps(operation.backward)) is operation.backward


def test_list_is_the_declarations():
    names = fa.list_activations()
    assert names == list(DECLARATIONS)
    assert len(names) == len(set(names))
    names.clear()
    assert fa.list_activations()


def test_foundation_is_there():
    foundation = (
        "identity step relu leaky_relu prelu elu sigmoid log_sigmoid tanh softplus silu gelu gelu_tanh mish hard_swish "
        "squareplus smu smu1"
    ).split()
    assert set(foundation) <= set(fa.list_activations())


def test_get(case):
    assert fa.get(case.name) is case.function
    for alias in case.declaration.aliases:
        assert fa.get(alias) is case.function
    assert fa.get(case.name.upper()) is case.function


def test_no_alias_means_two_things():
    meanings = {}
    for declaration in DECLARATIONS.values():
        for name in (declaration.name, *declaration.aliases):
            assert meanings.setdefault(plain(name), declaration.name) == declaration.name, name


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        ("linear", "identity"),
        ("logistic", "sigmoid"),
        ("expit", "sigmoid"),
        ("logsigmoid", "log_sigmoid"),
        ("swish", "silu"),
        ("gelu_pytorch_tanh", "gelu_tanh"),
        ("gelu_new", "gelu_tanh"),
        ("gelu_fast", "gelu_tanh"),
        ("hardswish", "hard_swish"),
        ("hard_silu", "hard_swish"),
    ],
)
def test_names_of_other_libraries(foreign, ours):
    assert fa.get(foreign) is getattr(fa, ours)


# By what names the elementwise functions go in each library.
VOCABULARY = {
    "torch": """
        ELU Hardshrink Hardsigmoid Hardtanh Hardswish LeakyReLU LogSigmoid PReLU ReLU ReLU6 RReLU SELU CELU GELU Sigmoid SiLU
        Mish Softplus Softshrink Softsign Tanh Tanhshrink Threshold Identity threshold relu hardtanh hardswish relu6 elu selu
        celu leaky_relu prelu rrelu gelu logsigmoid hardshrink tanhshrink softsign softplus softshrink sigmoid hardsigmoid silu
        mish erf exp atan""",
    "jax": """
        relu relu6 sigmoid softplus sparse_plus sparse_sigmoid soft_sign silu swish log_sigmoid leaky_relu hard_sigmoid hard_silu
        hard_swish hard_tanh elu celu selu gelu squareplus mish identity""",
    "keras": """
        celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid mish relu
        relu6 selu sigmoid silu swish soft_shrink softplus softsign sparse_plus sparse_sigmoid squareplus tanh tanh_shrink
        threshold ReLU LeakyReLU PReLU ELU""",
    "keras2": """
        elu exponential gelu hard_sigmoid linear relu selu sigmoid softplus softsign swish tanh LeakyReLU ReLU
        ThresholdedReLU""",
    "onnx": """
        Atan Celu Clip Elu Erf Exp Gelu HardSigmoid HardSwish Identity LeakyRelu Mish PRelu Relu Selu Shrink Sigmoid Softplus
        Softsign Swish Tanh ThresholdedRelu""",
    "tensorflow": "elu gelu leaky_relu relu relu6 selu sigmoid silu softplus softsign swish tanh erf exp",
    "transformers": """
        gelu gelu_10 gelu_accurate gelu_fast gelu_new gelu_python gelu_python_tanh gelu_pytorch_tanh laplace leaky_relu linear
        mish prelu quick_gelu relu relu2 relu6 sigmoid silu swish tanh xielu""",
    "timm": """
        silu swish mish relu relu6 leaky_relu elu prelu celu selu gelu gelu_tanh quick_gelu sigmoid tanh hard_sigmoid hard_swish
        hard_mish identity""",
    "mlx": """
        celu elu gelu gelu_approx gelu_fast_approx hard_shrink hard_tanh hardswish leaky_relu log_sigmoid mish prelu relu relu2
        relu6 selu sigmoid silu softplus softshrink softsign step tanh""",
    "ggml": """
        step tanh elu relu leaky_relu sigmoid gelu gelu_erf gelu_quick silu hardswish hardsigmoid exp softplus xielu""",
    "thinc": """
        sigmoid relu clipped_linear relu_k hard_sigmoid hard_tanh swish hard_swish hard_swish_mobilenet dish gelu gelu_approx
        mish erf""",
    "sklearn": "identity logistic tanh relu",
}


@pytest.mark.parametrize("style", STYLES)
def test_vocabulary(style):
    for name in VOCABULARY[style].split():
        activation = fa.get(name, style=style)
        differs = name in STYLES[style]
        assert differs or activation is fa.get(name), name
        # What differs can be had without the capitals and underscores, too.
        assert fa.get(name.swapcase(), style=style).__name__ in (activation.__name__, "relu")


def test_every_style_has_its_vocabulary():
    assert list(VOCABULARY) == list(STYLES)
    for style, meanings in STYLES.items():
        assert set(meanings) <= set(VOCABULARY[style].split())


# From the documentation of each library: a number, and what its function makes of it.
DEFAULTS = [
    ("keras", "leaky_relu", -1.0, -0.2),
    ("keras", "LeakyReLU", -1.0, -0.3),
    ("keras", "ReLU", -1.0, 0.0),
    ("keras", "hard_sigmoid", 1.5, 0.75),
    ("keras2", "hard_sigmoid", 1.0, 0.7),
    ("keras2", "LeakyReLU", -1.0, -0.3),
    ("keras2", "ThresholdedReLU", 0.9, 0.0),
    ("tensorflow", "leaky_relu", -1.0, -0.2),
    ("torch", "LeakyReLU", -1.0, -0.01),
    ("torch", "hardsigmoid", 1.5, 0.75),
    ("onnx", "LeakyRelu", -1.0, -0.01),
    ("onnx", "HardSigmoid", 1.0, 0.7),
    ("onnx", "ThresholdedRelu", 1.0, 0.0),
    ("onnx", "ThresholdedRelu", 1.5, 1.5),
    ("onnx", "Clip", -1e300, -1e300),
    ("onnx", "Shrink", 0.5, 0.0),
    ("jax", "gelu", 1.0, 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * 1.044715))),
    ("ggml", "gelu", 1.0, 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * 1.044715))),
    ("ggml", "gelu_quick", 1.0, 1 / (1 + np.exp(-1.702))),
    ("thinc", "hard_sigmoid", 1.0, 0.7),
    ("thinc", "hard_swish", 1.0, 0.7),
    ("thinc", "hard_swish_mobilenet", 1.0, 4 / 6),
    ("thinc", "clipped_linear", 0.25, 0.25),
    ("thinc", "relu_k", 7.0, 6.0),
]


@pytest.mark.parametrize(("style", "name", "x", "y"), DEFAULTS)
def test_defaults_of_a_style(style, name, x, y):
    assert abs(fa.get(name, style=style)(x) - y) <= 1e-15


PRESETS = [(style, name) for style, meanings in STYLES.items() for name, (_, defaults) in meanings.items() if defaults]


@pytest.mark.parametrize(("style", "name"), PRESETS)
def test_other_defaults_reach_every_form(style, name, working_dtype):
    preset = fa.get(name, style=style)
    ours, defaults = STYLES[style][name]
    own = fa.get(ours)
    x = np.linspace(-4, 4, 41, dtype=working_dtype)
    assert same_bits(preset(x), own(x, **defaults))
    assert same_bits(preset.derivative(x), own.derivative(x, **defaults))
    assert same_bits(preset.backward(x, x), own.backward(x, x, **defaults))
    for result, wanted in zip(preset.value_and_derivative(x), own.value_and_derivative(x, **defaults), strict=True):
        assert same_bits(result, wanted)
    assert same_bits(preset.in_place(x.copy()), own(x, **defaults))
    for parameter in defaults:
        # A parameter that is given counts as ever.
        rest = {p: v for p, v in defaults.items() if p != parameter}
        assert same_bits(preset(x, **{parameter: 0.25}), own(x, **rest, **{parameter: 0.25}))


@pytest.mark.parametrize(("style", "name"), PRESETS)
def test_other_defaults_are_shown(style, name):
    preset = fa.get(name, style=style)
    ours, defaults = STYLES[style][name]
    for parameter, value in defaults.items():
        assert inspect.signature(preset).parameters[parameter].default == value
        assert inspect.signature(preset.derivative).parameters[parameter].default == value
        assert f"{parameter}={value!r}" in repr(preset)
        assert f"{parameter}={value!r}" in inspect.getdoc(preset).splitlines()[2]
    assert preset.__name__ == ours
    assert inspect.signature(fa.get(ours)) == inspect.signature(getattr(fa, ours))


@pytest.mark.parametrize(("style", "name"), PRESETS)
def test_other_defaults_are_pickled(style, name):
    preset = fa.get(name, style=style)
    assert fa.get(name, style=style) is preset
    assert pickle.loads(pickle.dumps(preset)) is preset
    assert copy.deepcopy(preset) is preset
    x = np.linspace(-4, 4, 41)
    for form in ("derivative", "in_place"):
        again = pickle.loads(pickle.dumps(getattr(preset, form)))
        assert same_bits(again(x.copy()), getattr(preset, form)(x.copy()))


def test_unknown_style():
    with pytest.raises(ValueError, match="torch, jax, keras, keras2, onnx") as caught:
        fa.get("gelu", style="kears")
    assert "'kears'" in str(caught.value)
    with pytest.raises(TypeError, match="style"):
        fa.get("gelu", style=3)


def test_unknown_names_get_the_nearest_suggested():
    with pytest.raises(ValueError, match="'gelu_tahn'.*'gelu_tanh'"):
        fa.get("gelu_tahn")
    with pytest.raises(ValueError, match="'HardSwich'.*hard_swish"):
        fa.get("HardSwich", style="keras")
    with pytest.raises(ValueError, match="list_activations"):
        fa.get("xyzzyxyzzy")


def test_a_name_of_several_meanings_needs_a_style():
    with pytest.raises(ValueError, match="gelu_approx.*style='mlx' or style='thinc'"):
        fa.get("gelu_approx")
    with pytest.raises(ValueError, match="gelu_approx"):
        fa.get("gelu_approx", style="jax")


def test_defaults_of_the_field(case):
    defaults = {
        "leaky_relu": {"negative_slope": 0.01},
        "elu": {"alpha": 1.0},
        "softplus": {"beta": 1.0},
        "silu": {"beta": 1.0},
        "squareplus": {"b": 4.0},
    }
    if case.name in defaults:
        assert dict(case.declaration.parameters) == defaults[case.name]


def test_show_config(capsys):
    assert fa.show_config() is None
    text = capsys.readouterr().out
    for word in (fa.__version__, np.__version__, fa.backend, "threads"):
        assert word in text
