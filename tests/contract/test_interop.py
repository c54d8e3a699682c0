"""Arrays of other libraries, through NumPy's ufunc protocol; each is skipped where the library is not installed."""

import numpy as np
import pytest
from inputs import same_bits

import fastact as fa

x = np.linspace(-4, 4, 60, dtype=np.float32)


def check(case, wrapped, unwrap, kind, forms=("value", "derivative", "both", "backward")):
    """Values as from the plain array, types as from np.exp, dtype kept."""
    plain = x.reshape(np.shape(wrapped))
    wanted = case.results(plain, plain)
    if "value" in forms:
        result = case.function(wrapped, *case.required)
        assert isinstance(result, kind)
        assert same_bits(unwrap(result), wanted["value"])
    if "derivative" in forms:
        result = case.function.derivative(wrapped, *case.required)
        assert isinstance(result, kind)
        assert same_bits(unwrap(result), wanted["derivative"])
    if "both" in forms:
        value, derivative = case.function.value_and_derivative(wrapped, *case.required)
        assert isinstance(value, kind)
        assert isinstance(derivative, kind)
        assert same_bits(unwrap(value), wanted["value"])
        assert same_bits(unwrap(derivative), wanted["derivative"])
    if "backward" in forms and not case.required:
        g = case.function.backward(wrapped, wrapped)
        assert isinstance(g, kind)
        assert same_bits(unwrap(g), wanted["backward"])


def test_masked_arrays(case):
    masked = np.ma.masked_array(x, mask=np.arange(60) % 7 == 0)
    result = case.function(masked, *case.required)
    assert isinstance(result, np.ma.MaskedArray)
    assert result.dtype == x.dtype
    assert (result.mask == masked.mask).all()
    assert same_bits(result.compressed(), case.function(masked.compressed(), *case.required))


def test_pandas_series(case):
    pandas = pytest.importorskip("pandas")
    series = pandas.Series(x, index=np.arange(60) * 2, name="logits")
    check(case, series, lambda s: s.to_numpy(), pandas.Series)
    result = case.function(series, *case.required)
    assert result.name == "logits"
    assert (result.index == series.index).all()


def test_pandas_data_frame(case):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(x.reshape(20, 3), columns=list("abc"))
    result = case.function(frame, *case.required)
    assert isinstance(result, pandas.DataFrame)
    assert list(result.columns) == list("abc")
    # In the frame's own dtype: some versions of pandas compute in float64.
    values = x.reshape(20, 3).astype(result.to_numpy().dtype)
    np.testing.assert_array_max_ulp(result.to_numpy(), case.function(values, *case.required), 2)


def test_pandas_read_only_in_place(case):
    """What pandas hands out without a copy cannot be written to: the error says what to do."""
    pandas = pytest.importorskip("pandas")
    values = pandas.Series(x).to_numpy()
    if values.flags.writeable:
        pytest.skip("this pandas hands out writeable arrays")
    with pytest.raises(ValueError, match="read-only.*copy"):
        case.in_place(values, *case.required)


def test_dask(case):
    da = pytest.importorskip("dask.array")
    lazy = da.from_array(x, chunks=17)
    result = case.function(lazy, *case.required)
    assert isinstance(result, da.Array)
    assert result.dtype == x.dtype
    check(case, lazy, lambda a: a.compute(scheduler="threads"), da.Array)


def test_dask_in_processes(case):
    """The graph is pickled: by name."""
    pytest.importorskip("dask.array")
    cloudpickle = pytest.importorskip("cloudpickle")
    assert cloudpickle.loads(cloudpickle.dumps(case.function)) is case.function


def test_xarray(case):
    xarray = pytest.importorskip("xarray")
    array = xarray.DataArray(x.reshape(12, 5), dims=("batch", "unit"), coords={"unit": list("abcde")})
    check(case, array, lambda a: a.to_numpy(), xarray.DataArray)
    assert case.function(array, *case.required).dims == ("batch", "unit")


def test_polars(case):
    polars = pytest.importorskip("polars")
    result = case.function(polars.Series("logits", x), *case.required)
    assert isinstance(result, polars.Series)
    assert same_bits(result.to_numpy(), case.function(x, *case.required))


def test_torch_shares_memory():
    """A tensor's array is written in place, and the tensor sees it."""
    torch = pytest.importorskip("torch")
    tensor = torch.linspace(-3, 3, 50)
    wanted = fa.gelu(tensor.numpy().copy())
    fa.gelu_(tensor.numpy())
    assert same_bits(tensor.numpy(), wanted)


def test_objects_that_are_arrays_of_others():
    class Foreign:
        __array_ufunc__ = None

    with pytest.raises(TypeError):
        fa.gelu(Foreign())


def test_override_is_asked(case):
    """An object that speaks the ufunc protocol decides by itself."""

    class Asked:
        def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
            return ufunc.__name__, method, len(inputs)

    name, method, inputs = case.function(Asked(), *case.required)
    assert name == case.name
    assert method == "__call__"
    assert inputs >= 1 + len(case.required)
