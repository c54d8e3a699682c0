"""The whole contract on every backend and ISA of the machine that the present process does not use."""

import pytest
import runs


@pytest.fixture(params=runs.others(), ids="-".join)
def other_run(request):
    return request.param


def test_contract_on_other_backends(other_run):
    finished = runs.result(*other_run)
    assert finished.returncode == 0, finished.stdout[-6000:] + finished.stderr[-2000:]
