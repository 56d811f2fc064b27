"""Measures tables with pycanon.

Reads a JSON list of tables from stdin, each {"quasi": {name: [...]}, "sensitive": {name: [...]}}, and prints a list of
{"k": …, "of": {name: {"l": …, "entropy": …, "t": …}}}. What pycanon cannot measure is the name of its exception.
"""

import json
import sys

import pandas as pd
from pycanon import anonymity


def tried(measure, *arguments):
    try:
        return float(measure(*arguments))
    except Exception as error:
        return type(error).__name__


def measured(table):
    data = pd.DataFrame(table["quasi"] | table["sensitive"])
    quasi = list(table["quasi"])
    figures = {
        name: {
            "l": tried(anonymity.l_diversity, data, quasi, [name]),
            "entropy": tried(anonymity.entropy_l_diversity, data, quasi, [name]),
            "t": tried(anonymity.t_closeness, data, quasi, [name]),
        }
        for name in table["sensitive"]
    }
    return {"k": tried(anonymity.k_anonymity, data, quasi), "of": figures}


print(json.dumps([measured(table) for table in json.load(sys.stdin)]))
