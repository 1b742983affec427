"""The laboratory: every sentence of GAN theory as an experiment with a number.

import equilibria as eq

record = eq.lab.run("parallel-lines", theta=0.5)
record.numbers, record.claims, record.figure
"""

from .contents import CONTENTS
from .play import experiment, run
from .record import Record, played

__all__ = ["CONTENTS", "Record", "experiment", "played", "run"]
