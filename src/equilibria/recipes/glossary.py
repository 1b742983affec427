"""What an option means, in a clause: from its part's docstring, else a word that many parts share."""

import re

SHARED = {
    "activation": "the bend between layers: relu, leaky_relu, silu, tanh, elu",
    "beta1": "memory of the gradient, per step",
    "beta2": "memory of the squared gradient, per step",
    "classes": "how many",
    "clip_norms": "clip the scales of norm layers too",
    "count": "how many training samples to draw",
    "decay": "memory of the squared gradient, per step",
    "depth": "hidden layers",
    "end": "the last round's share of the learning rate",
    "eps": "keeps the division by the gradient's size finite",
    "fake_code": "the score that the critic wants for samples",
    "generator_code": "the score that the generator wants for samples",
    "initialization": "where the weights start",
    "lr": "the learning rate: the size of a step",
    "momentum": "memory of earlier steps",
    "norm": "none, batch, layer, instance, group, weight or spectral",
    "one_sided": "only slopes above the wanted one pay",
    "parts": "the priors side by side, as JSON",
    "power": "of the slope, in the price",
    "real_code": "the score that the critic wants for data",
    "sampler": "where slopes are measured: between, real, fake or both",
    "size": "the length of a latent",
    "skip_first_norm": "no norm after the first hidden layer",
    "slope": "the slope that costs nothing",
    "spread": "the deviation around each mode",
    "upsample": "how a map grows to twice its size",
    "weight": "the price of a violation, lambda",
    "width": "units or channels of a layer",
    "widths": "units of each hidden layer, instead of width and depth",
}


def meaning(option: str, doc: str) -> str:
    """The clause of a docstring that speaks of the `option` in backticks, else what the word means everywhere."""
    clauses = (" ".join(part.split()) for part in re.split(r"(?<=[\w)`][.;])\s|\n\n", doc))
    said = next((clause for clause in clauses if f"`{option}`" in clause), None)
    return said.strip(" .;").replace("`", "") if said and len(said) < 100 else SHARED.get(option, "")
