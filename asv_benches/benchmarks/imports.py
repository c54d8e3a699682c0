"""How long an import takes, in a fresh process."""


class Import:
    params = ["numpy", "fastact"]
    param_names = ["module"]

    def timeraw_import(self, module: str) -> str:
        return f"import {module}"
